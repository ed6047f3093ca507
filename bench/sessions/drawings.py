"""The pictures of docs/scaling.md; the lines of engines differ in their marks too, not in their colours alone."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from bench.canvas import LOOKS, Look, bars, drawn
from bench.sessions.told_store import room_rows
from bench.sessions.wording import size, whole

Part = dict[str, Any]

_MARKS: Final = {"SQLite": "o", "Redis": "s", "PostgreSQL": "^"}


def _colours(look: Look) -> dict[str, str]:
    return {"SQLite": look.blue, "Redis": look.orange, "PostgreSQL": look.green}


def draw(results: dict[str, Part], folder: Path) -> None:
    """Draw what was measured.

    Args:
        results: of the parts; a part that is missing is not drawn.
        folder: where the pictures go.
    """
    pictures: dict[str, tuple[str, Callable[[Axes, Part, Look], None], tuple[float, float]]] = {
        "load": ("scale", _load, (8.0, 4.4)),
        "room": ("scale", _room, (8.0, 2.7)),
        "memory": ("memory", _memory, (8.0, 3.9)),
    }
    for name, (part, paint, inches) in pictures.items():
        for look in LOOKS if part in results else ():
            with drawn(look, inches, folder / f"scaling-{name}-{look.name}.svg") as axes:
                paint(axes, results[part]["engines"], look)


def _load(axes: Axes, engines: Part, look: Look) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.grid(color=look.faint, linewidth=0.6)
    for name, one in engines.items():
        people = [step["people"] for step in one["steps"]]
        kind: dict[str, Any] = {
            "color": _colours(look)[name],
            "marker": _MARKS[name],
            "markersize": 7,
            "linewidth": 2.2,
        }
        axes.plot(people, [step["load"]["median_ms"] for step in one["steps"]], label=f"{name}, median", **kind)
        tails = [step["load"]["p99_ms"] for step in one["steps"]]
        axes.plot(people, tails, linestyle=(0, (2, 2)), label=f"{name}, 99th percentile", **(kind | {"linewidth": 1.5}))
    every = [step["load"][of] for one in engines.values() for step in one["steps"] for of in ("median_ms", "p99_ms")]
    axes.set_ylim(min(0.05, min(every) / 1.5), max(2.0, max(every) * 1.5))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: whole(value)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g} ms"))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("people who are signed in")
    axes.set_title("Opening a session by its handle", loc="left", fontweight="bold")
    axes.legend(ncols=len(engines), loc="upper center", bbox_to_anchor=(0.5, -0.2), frameon=False, fontsize=10)


def _room(axes: Axes, engines: Part, look: Look) -> None:
    rows = room_rows(engines)
    bars(
        axes,
        look,
        [f"{name}, {where}" for name, where, _ in rows],
        [taken for _, _, taken in rows],
        [_colours(look)[name] for name, _, _ in rows],
        [f"{whole(taken)} bytes" for _, _, taken in rows],
    )
    axes.set_title("What one signed-in person takes", loc="left", fontweight="bold")


def _memory(axes: Axes, engines: Part, look: Look) -> None:
    labels: list[str] = []
    values: list[float] = []
    colours: list[str] = []
    for name, one in engines.items():
        steps = [("empty store", one["empty"]), (f"{whole(one['people'])} people, none calls", one["full"])]
        steps += [(f"{whole(used['sessions'])} have called", used["bytes"]) for used in one["used"]]
        for what, taken in steps:
            labels.append(f"{name}: {what}")
            values.append(taken)
            colours.append(_colours(look)[name])
    bars(axes, look, labels, values, colours, [size(value) for value in values])
    axes.set_title("Memory of a gateway process", loc="left", fontweight="bold")
