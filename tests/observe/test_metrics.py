"""Metrics: each gateway has its own, each is explained."""

import subprocess
import sys
from pathlib import Path
from typing import Final

from gateway.observe.metrics import Metrics, forget_process

# Processes of their own: where one counts is settled once for all its metrics.
_COUNT: Final = """
import os, sys
from pathlib import Path
from gateway.observe.metrics import Metrics
metrics = Metrics(shared=Path(sys.argv[1]))
metrics.upstream_retries.inc(2)
metrics.requests.labels("events", "200", "app").inc(3)
metrics.seconds.labels("events").observe(0.02)
metrics.in_flight.inc()
metrics.mode_lookup_share.labels("main").set(float(sys.argv[2]))
exec(sys.argv[3])
print(os.getpid())
print(metrics.render().decode())
"""


def count(folder: Path, share: float, more: str = "") -> tuple[int, str]:
    """Count in another process; return its id and the page that it shows."""
    words = [sys.executable, "-W", "error", "-c", _COUNT, str(folder), str(share), more]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True)
    pid, _, page = done.stdout.partition("\n")
    return int(pid), page


def test_two_gateways_in_one_process_do_not_share_metrics() -> None:
    one, other = Metrics(), Metrics()
    one.upstream_retries.inc()
    assert b"gateway_upstream_retries_total 1.0" in one.render()
    assert b"gateway_upstream_retries_total 0.0" in other.render()


def test_every_metric_is_ours_and_explained() -> None:
    for metric in Metrics().registry.collect():
        assert metric.name.startswith("gateway_")
        assert metric.documentation.endswith(".")


def test_several_processes_show_their_sum(tmp_path: Path) -> None:
    """Counts and calls under way add up; of budgets that each has for itself, the fullest is shown."""
    count(tmp_path, 0.5)
    _, page = count(tmp_path, 0.25)
    for line in (
        "gateway_upstream_retries_total 4.0",
        'gateway_requests_total{client="app",operation="events",status="200"} 6.0',
        'gateway_request_seconds_bucket{le="0.025",operation="events"} 2.0',
        'gateway_request_seconds_count{operation="events"} 2.0',
        "gateway_requests_in_flight 2.0",
        'gateway_mode_lookup_share{application="main"} 0.5',
        "# HELP gateway_upstream_retries_total Safe calls repeated on a fresh connection.",
    ):
        assert f"{line}\n" in page


def test_a_dead_process_leaves_its_counts_and_takes_its_gauges(tmp_path: Path) -> None:
    dead, _ = count(tmp_path, 0.5)
    forget_process(tmp_path, dead)
    _, page = count(tmp_path, 0.25)
    assert "gateway_upstream_retries_total 4.0\n" in page
    assert "gateway_requests_in_flight 1.0\n" in page
    assert 'gateway_mode_lookup_share{application="main"} 0.25\n' in page


def test_counts_of_records_replace_those_before() -> None:
    metrics = Metrics()
    metrics.show_records({("binding", "old"): 3, ("session", "new"): 1})
    metrics.show_records({("session", "new"): 2})
    page = metrics.render().decode()
    assert 'gateway_records{key="new",kind="session"} 2.0' in page
    assert "binding" not in page
    metrics.show_records({})
    assert "gateway_records{" not in metrics.render().decode()


def test_of_several_processes_the_one_that_counted_last_shows_the_records(tmp_path: Path) -> None:
    """Their files keep every label, so what is gone is shown as none."""
    count(tmp_path, 0, 'metrics.show_records({("binding", "old"): 3}); metrics.show_records({})')
    _, page = count(tmp_path, 0, 'metrics.show_records({("binding", "old"): 1, ("session", "new"): 2})')
    assert 'gateway_records{key="old",kind="binding"} 1.0\n' in page
    assert 'gateway_records{key="new",kind="session"} 2.0\n' in page


def test_a_store_that_one_process_lost_is_down_and_the_newest_count_of_nodes_stands(tmp_path: Path) -> None:
    count(tmp_path, 0, "metrics.store_up.set(0); metrics.nodes.set(3)")
    _, page = count(tmp_path, 0, "metrics.store_up.set(1); metrics.nodes.set(2)")
    assert "gateway_store_up 0.0\n" in page
    assert "gateway_nodes 2.0\n" in page
