"""How numbers, tables and pictures are written."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

_THOUSAND: Final = 1_000
_WITHOUT_PLACES: Final = 100  # from here on no digit behind the point counts
_UNITS: Final = ("bytes", "kB", "MB", "GB")


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def picture(name: str, said: str) -> str:
    """Return a picture that suits light and dark pages."""
    return f"""<picture>
  <source media="(prefers-color-scheme: dark)" srcset="images/scaling-{name}-dark.svg">
  <img alt="{said}" src="images/scaling-{name}-light.svg">
</picture>"""


def ms(value: float) -> str:
    """Return milliseconds."""
    places = 0 if value >= _WITHOUT_PLACES else 1 if value >= 1 else 2
    return f"{value:,.{places}f} ms"


def factor(value: float) -> str:
    """Return a ratio."""
    return f"{value:.2f}"


def size(value: float) -> str:
    """Return bytes in the unit that people say; a kilobyte is a thousand of them."""
    units = list(_UNITS)
    while value >= _THOUSAND and len(units) > 1:
        value /= _THOUSAND
        units.pop(0)
    places = 0 if value >= _WITHOUT_PLACES or units[0] == _UNITS[0] else 1
    return f"{value:,.{places}f} {units[0]}"


def whole(value: float) -> str:
    """Return a number of things."""
    return f"{value:,.0f}"


def counts(found: Mapping[str, int]) -> str:
    """Return how many answers had which status; 0 is written as what it means."""
    told = (f"{whole(number)} of {'no node' if status == '0' else status}" for status, number in found.items())
    return ", ".join(told) or "none"
