"""Plain tables for people, one JSON document for machines."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from gateway.cli.settings import out


def print_table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table; what does not fit into a column goes on in the next line, so that an id can be copied whole."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in head:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(Text(plain(str(cell))) for cell in row))
    out.print(table)


def print_json(value: dict[str, Any]) -> None:
    """Print one JSON document, in ASCII and without colours."""
    out.file.write(f"{json.dumps(value, indent=2)}\n")


def plain(text: str) -> str:
    """Return a text without what a terminal would obey: names come from outside."""
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)


def moment(at: float) -> str:
    """Return a Unix time, in seconds, as people read it; empty for none."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC" if at else ""
