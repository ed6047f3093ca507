"""docs/performance.md is what was measured, and nothing else. Nothing is timed here."""

import json
import re
from typing import Any

import pytest

from bench.proxying.page import NOTES, PAGE, page
from bench.proxying.peers import PREPARE
from bench.proxying.results import RATIOS, RESULTS, ratios, read
from bench.proxying.told_calls import TITLES

SPREADS = ("cpu_us", "calls_per_second", "p50_ms", "p99_ms", "memory")


def proxy(cpu: float, job: str = "the whole job") -> dict[str, Any]:
    figures: dict[str, Any] = dict.fromkeys(SPREADS, 2.0) | {"cpu_us": cpu, "memory_idle": 5e7, "memory": 6e7}
    spreads = {f"{name}_spread": [0.9 * figures[name], 1.1 * figures[name]] for name in SPREADS}
    told = {"title": "x", "job": job, "version": "1.2", "command": "x serve", "load": "wrk x", "rounds": []}
    return {**told, **figures, **spreads}


def results(**scenarios: Any) -> dict[str, Any]:
    proxies = {"gateway": proxy(120.0), "nginx": proxy(40.0, "plain"), "envoy_oauth2": proxy(240.0)}
    machine = {"cores": 2, "cpu": "Some CPU", "memory_gib": 8, "system": "Some Linux", "kernel": "6.1"}
    return {
        "command": "make bench",
        "ended_at": "2026-11-25T10:00:00+00:00",
        "minutes": 20.0,
        "machine": {**machine, "disk_write_ms": 0.5},
        "versions": {"Python": "3.11"},
        "plan": {"rounds": 5},
        "left_out": {"oauth2_proxy": "no go (it builds oauth2-proxy)"},
        "ratios": ratios(proxies),
        "proxies": proxies,
        "scenarios": scenarios,
    }


def latencies(*times: float) -> dict[str, float]:
    return dict(zip(("p50_ms", "p99_ms", "added_p50_ms", "added_p99_ms"), times, strict=True))


SCENARIOS: dict[str, Any] = {
    "latency": {"100": {"upstream": latencies(0.1, 0.2, 0, 0), "gateway": latencies(0.4, 0.9, 0.3, 0.7)}},
    "bodies": {"gateway": {"10 MB up": {"cpu_ms_per_megabyte": 1.25, "megabytes_per_second": 432.1}}},
    "trickle": {"gateway": {which: {"p50": 0.3, "p99": 0.5, "max": 0.6} for which in ("first_ms", "every_ms")}},
    "idle_clients": {"gateway": {"clients": 1000, "memory_before": 6e7, "memory": 7e7, "bytes_each": 10_000}},
    "start_up": {"gateway": {"ready_ms": 812.0}},
    "sign_ins": {"per_second": 210.4, "at_once": 8, "cpu_ms": 3.21},
    "sessions": {
        number: {
            "one": {"cpu_us": cpu},
            "spread": {"cpu_us": 2 * cpu, "sessions": 5_000, "memory_before": 6e7, "memory_after": 7e7},
        }
        for number, cpu in (("1", 100.0), ("10000", 103.0))
    },
    "stream": {"bytes": 2**30, **{way: {"memory_before": 6e7, "memory_most": 6.2e7} for way in ("down", "up")}},
    "growth": {"calls": 500_000, "seen": [{"calls": calls, "memory": 6e7} for calls in (0, 250_000, 500_000)]},
    "workers": {
        "workers": {
            "1": {"one_core": proxy(100.0), "all_cores": proxy(101.0), "spread": []},
            "2": {"one_core": proxy(105.0), "all_cores": proxy(102.0), "spread": [[490, 510]]},
        },
        "two_over_one": {"one_core": 1.05, "all_cores": 1.01},
    },
}
TOLD = {
    "latency": "| this gateway | 0.40 ms, 0.90 ms | +0.30 ms, +0.70 ms |",
    "bodies": "| 10 MB up | 1.25 ms/MB, 432 MB/s |",
    "trickle": "| this gateway | 0.30 ms, 0.60 ms | 0.30 ms, 0.60 ms |",
    "idle_clients": "| this gateway | 60.0 MB | 70.0 MB | 10.0 kB |",
    "start_up": "| this gateway | 812 ms |",
    "sign_ins": "**210 a second** on one core, 8 at a time, 3.2 ms",
    "sessions": "| 10,000 | 103 µs | 1.03 | 206 µs, 5,000 sessions |",
    "stream": "**One body of 1.1 GB** streams through",
    "growth": "**After 500,000 calls** the gateway's memory is 60.0 MB",
    "workers": "| 2 | 105 µs, 2/s | 102 µs, 2/s | 490 : 510 |",
}


def test_a_ratio_is_the_gateways_median_over_the_peers() -> None:
    """Below one the gateway is the cheaper."""
    assert ratios({"gateway": proxy(120.0), "nginx": proxy(40.0), "envoy_oauth2": proxy(240.0)}) == {
        "envoy_oauth2": 0.5,
        "nginx": 3.0,
    }


def test_nginx_that_asks_the_gateway_is_measured_by_bare_nginx() -> None:
    """What asking costs, not what it saves."""
    found = {"gateway": proxy(120.0), "nginx": proxy(40.0), "nginx_checked": proxy(50.0)}
    assert ratios(found) == {"nginx": 3.0, "nginx_checked": 1.25}
    told = results()
    told["proxies"], told["ratios"] = found, ratios(found)
    assert "**1.25 times** bare nginx's." in page(told, "")
    assert "| nginx, asking this gateway | the whole job | 50 µs | 45 to 55 |  |" in page(told, "")
    assert "asking" not in page(results(), "")


def test_a_peer_that_was_not_measured_has_no_ratio() -> None:
    assert ratios({"gateway": proxy(120.0), "nginx": proxy(40.0)}) == {"nginx": 3.0}
    assert ratios({}) == {}


def test_a_page_is_made_from_few_results() -> None:
    told = page(results(), "* uvloop paid.\n")
    assert "A proxied call takes **120 µs** of CPU" in told
    assert "**0.50 times** what Envoy, OAuth2 filter takes" in told
    assert "| **this gateway** | the whole job | **120 µs** | 108 to 132 |" in told
    assert "Not measured: oauth2-proxy, no go (it builds oauth2-proxy)." in told
    assert "## What paid and what did not\n\n* uvloop paid.\n" in told
    assert "Workers" not in told
    assert "flat" not in told


def test_the_cheapest_stands_first() -> None:
    told = page(results(), "")
    assert told.index("| nginx |") < told.index("| **this gateway** |") < told.index("| Envoy, OAuth2 filter |")


@pytest.mark.parametrize("name", SCENARIOS)
def test_each_scenario_is_told(name: str) -> None:
    assert TOLD[name] in page(results(**{name: SCENARIOS[name]}), "")


def test_every_proxy_has_a_title() -> None:
    assert {*PREPARE} <= {*TITLES}


def test_the_docs_are_what_was_measured() -> None:
    """Run `python -m bench.proxying report` when this fails; without results there is no page either."""
    found = read()
    assert PAGE.exists() == bool(found)
    if found:
        assert PAGE.read_text(encoding="utf-8") == page(found, NOTES.read_text(encoding="utf-8"))


def test_every_picture_of_the_page_is_there() -> None:
    named = re.findall(r'(?:src|srcset)="([^"]+)"', page(results(), ""))
    assert len(named) == 2
    assert all((PAGE.parent / one).is_file() for one in named)


def test_the_results_hold_every_figure_of_every_round() -> None:
    found = read()
    assert {*RATIOS} <= {*found["ratios"]}
    assert all(len(one["rounds"]) == found["plan"]["rounds"] for one in found["proxies"].values())
    assert found["ratios"] == ratios(found["proxies"])


def test_results_are_json_that_a_diff_can_be_read_of() -> None:
    text = RESULTS.read_text(encoding="utf-8")
    assert text == json.dumps(json.loads(text), indent=1) + "\n"
