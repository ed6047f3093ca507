"""docs/scaling.md is what was measured, and nothing else."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from bench.sessions.page import PAGE, page
from bench.sessions.results import RESULTS, read

ROOT = Path(__file__).parents[2]
ON: dict[str, Any] = {
    "cores": 2,
    "cpu": "Some CPU",
    "memory_gib": 8,
    "system": "Some Linux",
    "kernel": "6.1",
    "disk_write_ms": 0.5,
}


def times(median: float) -> dict[str, Any]:
    return {"median_ms": median, "p99_ms": 3 * median, "calls": 10, "medians_ms": [median, median]}


def step(people: int, factor: float) -> dict[str, Any]:
    calls = ("load", "get", "use", "sign_in", "list", "heartbeat", "count", "sweep")
    return {"people": people, "bytes_each": {"disk": 3210}, **{name: times(0.25 * factor) for name in calls}}


def part(**engines: Any) -> dict[str, Any]:
    told = {"command": "python -m bench.sessions x", "ended_at": "2026-11-24T10:00:00+00:00", "minutes": 1.0}
    return {**told, "machine": ON, "versions": {"Python": "3.11"}, "engines": engines}


def scale() -> dict[str, Any]:
    return part(SQLite={"engine": "SQLite 3", "steps": [step(1_000, 1), step(10_000, 1.5)]})


def test_the_docs_are_what_was_measured() -> None:
    """Run `python -m bench.sessions report` when this fails."""
    assert PAGE.read_text(encoding="utf-8") == page(read(RESULTS))


def test_every_part_is_measured_in_full_on_every_engine() -> None:
    """A trial's figures must not become the documentation's."""
    found = read(RESULTS)
    assert {*found} == {"scale", "memory", "refresh", "crowd", "outage", "rotation"}
    for name, one in found.items():
        assert "--quick" not in one["command"]
        assert {*one["engines"]} == {"SQLite", "Redis", "PostgreSQL"} - ({"SQLite"} if name == "outage" else set())


def test_what_must_never_happen_did_not() -> None:
    found = read(RESULTS)
    crowd = found["crowd"]["engines"].values()
    assert all(one["mixed_up"] == 0 and {*one["statuses"]} == {"200"} for one in crowd)
    assert [one["refreshes"] for one in found["refresh"]["engines"].values()] == [1, 1, 1]
    outages = [one[how] for one in found["outage"]["engines"].values() for how in ("stopped", "killed")]
    assert all(one["lost"] == one["cookies"] == one["mixed_up"] == 0 for one in outages)
    assert all({*one["away"], *one["until_well"]} <= {"200", "503"} for one in outages)
    assert all(one["lost"] == one["errors"] == one["mixed_up"] == 0 for one in found["rotation"]["engines"].values())


def test_every_picture_of_the_page_is_there() -> None:
    named = re.findall(r'(?:src|srcset)="([^"]+)"', PAGE.read_text(encoding="utf-8"))
    assert len(named) == 6
    assert all((PAGE.parent / one).is_file() for one in named)


def test_a_page_is_made_from_few_results() -> None:
    told = page({"scale": scale()})
    assert "is multiplied by 1.50 (SQLite)" in told
    assert "| SQLite | 0.25 ms<br>0.75 ms | 0.38 ms<br>1.1 ms | **1.50** |" in told
    assert "| SQLite: disk | 3,210 bytes | 32.1 MB | 321 MB | 3.2 GB |" in told
    assert "| opening a session among 10,000 | 0.38 ms | not measured | not measured |" in told
    assert "Some CPU" in told
    assert "keys are changed" not in told


@pytest.mark.parametrize("lost", [0, 3])
def test_a_loss_would_be_told(lost: int) -> None:
    """The page says what was measured, pleasant or not."""
    change = {"left_under_old_keys": 0, "resealed": "40", "reseal_seconds": 1.0}
    found = {"engine": "SQLite 3", "people": 20, "nodes": 2, "clients": 4, "calls": 900, "errors": 2, "lost": lost}
    told = page({"rotation": part(SQLite={**found, "seconds": 30.0, "rotations": [change]})})
    assert f"**{lost} sessions** were lost, and 2 calls failed" in told
    assert f"| SQLite | 900 | **2** | **{lost}** of 20 | 40 | 0 | 30 s |" in told


def test_results_are_json_that_a_diff_can_be_read_of() -> None:
    text = RESULTS.read_text(encoding="utf-8")
    assert text == json.dumps(json.loads(text), indent=1) + "\n"
