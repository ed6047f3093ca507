"""Drawings for light and for dark pages.

Colours are Okabe and Ito's, which people with any kind of colour blindness tell apart.

Source: https://jfly.uni-koeln.de/color/
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True)
class Look:
    """Colours of a page."""

    name: str
    paper: str
    ink: str
    faint: str
    blue: str
    orange: str
    green: str


LOOKS: Final = (
    Look("light", "#ffffff", "#1f2328", "#d0d7de", "#0072b2", "#d55e00", "#007a5a"),
    Look("dark", "#0d1117", "#e6edf3", "#3d444d", "#56b4e9", "#f0883e", "#2fbf94"),
)


@contextmanager
def drawn(look: Look, inches: tuple[float, float], path: Path) -> Iterator[Axes]:
    """Yield what is drawn on; at the end of the block it is a file.

    Args:
        look: of the page.
        inches: width and height.
        path: of the file; its name begins with the page's.
    """
    style: dict[Any, Any] = {
        "svg.hashsalt": path.name.partition("-")[0],  # the same figures make the same file
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


def bars(
    axes: Axes,
    look: Look,
    labels: Sequence[str],
    values: Sequence[float],
    colours: Sequence[str],
    told: Sequence[str],
) -> None:
    """Draw lying bars, each with a label before it and what is told of it behind.

    Args:
        axes: what is drawn on.
        look: of the page.
        labels: of the bars, from above.
        values: their lengths.
        colours: theirs.
        told: of each.
    """
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
