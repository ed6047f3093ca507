"""The picture of docs/performance.md, for light and for dark pages."""

from pathlib import Path
from typing import Any, Final

from bench.canvas import LOOKS, Look, bars, drawn
from bench.proxying.peer import PLAIN
from bench.proxying.told_calls import in_order, title

_BAR: Final = 0.42  # inches
_REST: Final = 0.7


def draw(results: dict[str, Any], folder: Path) -> None:
    """Draw the CPU time of a call.

    Args:
        results: of a run.
        folder: where the pictures go.
    """
    proxies = results["proxies"]
    names = in_order(proxies)
    for look in LOOKS:
        path = folder / f"performance-calls-{look.name}.svg"
        with drawn(look, (8.0, _REST + _BAR * len(names)), path) as axes:
            bars(
                axes,
                look,
                [title(name) for name in names],
                [proxies[name]["cpu_us"] for name in names],
                [_colour(name, proxies[name]["job"], look) for name in names],
                [f"{proxies[name]['cpu_us']:,.0f} µs" for name in names],
            )
            axes.set_title("CPU per proxied call", loc="left", fontweight="bold")


def _colour(name: str, job: str, look: Look) -> str:
    if name.startswith("gateway"):
        return look.orange
    return look.faint if job == PLAIN else look.blue
