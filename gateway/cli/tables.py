"""Plain tables for people, one JSON document for machines."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gateway.cli.settings import out


def print_table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table: as wide as it has to be for a pipe or a file, else as wide as the terminal.

    At a terminal the first column, which is copied, stays on one line where it takes half of the width at most; others
    go on in the next line.
    """
    lines = [[plain(str(cell)) for cell in row] for row in rows]
    longest = max((len(line[0]) for line in lines), default=0)
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for place, name in enumerate(head):
        table.add_column(name, overflow="fold", no_wrap=place == 0 and longest <= out.width // 2)
    for line in lines:
        table.add_row(*map(Text, line))
    if out.is_terminal:
        out.print(table)
        return
    Console(file=out.file, width=_natural_width([head, *lines]), color_system=None).print(table)


def _natural_width(lines: Sequence[Sequence[str]]) -> int:
    """Return how wide a table has to be for nothing to be folded: each column's longest, and what is between them."""
    return sum(max(map(cell_len, column)) + 3 for column in zip(*lines, strict=True))


def print_json(value: dict[str, Any]) -> None:
    """Print one JSON document, in ASCII and without colours."""
    out.file.write(f"{json.dumps(value, indent=2)}\n")


def plain(text: str) -> str:
    """Return a text without what a terminal would obey: names come from outside."""
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)


def moment(at: float) -> str:
    """Return a Unix time, in seconds, as people read it; empty for none."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC" if at else ""
