"""The file with everything that was measured; each part says when, by which command and on what."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from bench.sessions.machine import machine, versions

RESULTS: Final = Path(__file__).parents[1] / "results" / "sessions.json"
TRIAL_RESULTS: Final = RESULTS.with_name("sessions-trial.json")

Results = dict[str, Any]


def read(path: Path) -> Results:
    """Return what was measured so far."""
    found: Results = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return found


def write_part(path: Path, part: str, command: str, ended: datetime, seconds: float, found: dict[str, Any]) -> None:
    """Write what a part has found in place of what it found before."""
    results = read(path)
    results[part] = {
        "command": command,
        "ended_at": ended.isoformat(timespec="seconds"),
        "minutes": round(seconds / 60, 1),
        "machine": machine(),
        "versions": versions(),
        "engines": found,
    }
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
