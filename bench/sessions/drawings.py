"""The pictures of docs/scaling.md, each for light and for dark pages.

Colours are Okabe and Ito's, which people with any kind of colour blindness tell apart; lines differ in their marks too.

Source: https://jfly.uni-koeln.de/color/
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from bench.sessions.told_store import room_rows
from bench.sessions.wording import size, whole

Part = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Look:
    """Colours of a page."""

    name: str
    paper: str
    ink: str
    faint: str
    engines: dict[str, str]


_LOOKS: Final = (
    _Look(
        "light",
        "#ffffff",
        "#1f2328",
        "#d0d7de",
        {"SQLite": "#0072b2", "Redis": "#d55e00", "PostgreSQL": "#007a5a"},
    ),
    _Look(
        "dark",
        "#0d1117",
        "#e6edf3",
        "#3d444d",
        {"SQLite": "#56b4e9", "Redis": "#f0883e", "PostgreSQL": "#2fbf94"},
    ),
)
_MARKS: Final = {"SQLite": "o", "Redis": "s", "PostgreSQL": "^"}


def draw(results: dict[str, Part], folder: Path) -> None:
    """Draw what was measured.

    Args:
        results: of the parts; a part that is missing is not drawn.
        folder: where the pictures go.
    """
    pictures: dict[str, tuple[str, Callable[[Axes, Part, _Look], None], tuple[float, float]]] = {
        "load": ("scale", _load, (8.0, 4.4)),
        "room": ("scale", _room, (8.0, 2.7)),
        "memory": ("memory", _memory, (8.0, 3.9)),
    }
    for name, (part, paint, inches) in pictures.items():
        for look in _LOOKS if part in results else ():
            with _axes(look, inches, folder / f"scaling-{name}-{look.name}.svg") as axes:
                paint(axes, results[part]["engines"], look)


@contextmanager
def _axes(look: _Look, inches: tuple[float, float], path: Path) -> Iterator[Axes]:
    style: dict[Any, Any] = {
        "svg.hashsalt": "scaling",  # the same figures make the same file
        "font.size": 11,
        "font.family": "DejaVu Sans",
        "text.color": look.ink,
        "axes.labelcolor": look.ink,
        "axes.edgecolor": look.faint,
        "xtick.color": look.ink,
        "ytick.color": look.ink,
        "figure.facecolor": look.paper,
        "axes.facecolor": look.paper,
    }
    with mpl.rc_context(style):
        figure = Figure(figsize=inches, layout="constrained")
        axes = figure.add_subplot()
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(color=look.faint, which="both")
        yield axes
        figure.savefig(path, format="svg", metadata={"Date": None})


def _load(axes: Axes, engines: Part, look: _Look) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.grid(color=look.faint, linewidth=0.6)
    for name, one in engines.items():
        people = [step["people"] for step in one["steps"]]
        kind: dict[str, Any] = {"color": look.engines[name], "marker": _MARKS[name], "markersize": 7, "linewidth": 2.2}
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


def _room(axes: Axes, engines: Part, look: _Look) -> None:
    rows = room_rows(engines)
    _bars(
        axes,
        look,
        [f"{name}, {where}" for name, where, _ in rows],
        [taken for _, _, taken in rows],
        [look.engines[name] for name, _, _ in rows],
        [f"{whole(taken)} bytes" for _, _, taken in rows],
    )
    axes.set_title("What one signed-in person takes", loc="left", fontweight="bold")


def _memory(axes: Axes, engines: Part, look: _Look) -> None:
    labels: list[str] = []
    values: list[float] = []
    colours: list[str] = []
    for name, one in engines.items():
        bars = [("empty store", one["empty"]), (f"{whole(one['people'])} people, none calls", one["full"])]
        bars += [(f"{whole(used['sessions'])} have called", used["bytes"]) for used in one["used"]]
        for what, taken in bars:
            labels.append(f"{name}: {what}")
            values.append(taken)
            colours.append(look.engines[name])
    _bars(axes, look, labels, values, colours, [size(value) for value in values])
    axes.set_title("Memory of a gateway process", loc="left", fontweight="bold")


def _bars(axes: Axes, look: _Look, labels: list[str], values: list[float], colours: list[str], told: list[str]) -> None:
    places = range(len(values))
    axes.barh(places, values, color=colours, height=0.72)
    axes.set_yticks(places, labels)
    axes.invert_yaxis()
    axes.set_xlim(0, max(values) * 1.18)
    axes.xaxis.set_visible(False)
    axes.spines[["bottom", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    for place, value, text in zip(places, values, told, strict=True):
        axes.text(value + max(values) * 0.012, place, text, va="center", color=look.ink)
