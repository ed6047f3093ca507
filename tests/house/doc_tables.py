"""Tables of the documentation that are made from the code's own tables.

`make docs` writes them between their marks; a test fails when they are behind.
"""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from gateway.observe.events import EVENTS
from gateway.observe.metrics import Metrics
from gateway.rules.access_mode import AccessMode
from gateway.rules.error_codes import MEANINGS
from gateway.rules.mode_limits import LIMITS, WORKS
from gateway.rules.operations import OPERATIONS, Body
from tests.journeys.sdks.calls import NODE_CALLS, PYTHON_CALLS
from tests.journeys.tools.table import COLUMNS, custodies, tools

DOCS: Final = Path(__file__).parents[2] / "docs"


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def error_table() -> str:
    """Return the table of error codes."""
    rows = [(f"`{code}`", str(one.status), one.title, one.way_out) for code, one in MEANINGS.items()]
    return _table(("`Gateway-Error`", "status", "what it is", "what to do"), rows)


def event_table() -> str:
    """Return the table of log events."""
    return _table(("event", "says"), [(f"`{name}`", text) for name, text in sorted(EVENTS.items())])


def metric_table() -> str:
    """Return the table of metrics."""
    rows = []
    for metric in Metrics().registry.collect():
        name = f"{metric.name}_total" if metric.type == "counter" else metric.name
        rows.append((f"`{name}`", metric.type, metric.documentation))
    return _table(("metric", "kind", "says"), sorted(rows))


def operation_table() -> str:
    """Return the route table."""
    rows = [
        (
            f"`{one.name}`",
            f"`{one.method} {one.template}`",
            ", ".join(sorted(str(kind) for kind in one.credentials)),
            ", ".join(f"`{scope}`" for scope in one.scopes) or "any",
            ", ".join(
                filter(
                    None,
                    (
                        "paged" if one.paged else "",
                        "body read" if one.body is Body.READ else "",
                        "answer read" if one.learns else "",
                    ),
                )
            )
            or "streamed",
        )
        for one in OPERATIONS
    ]
    return _table(("name", "operation", "credential", "scope", "handling"), rows)


def element_table() -> str:
    """Return which operations an element token reaches, by permission."""
    permissions = sorted(frozenset().union(*(one.element_permissions for one in OPERATIONS)))
    rows = [
        (
            f"`{name}`",
            ", ".join(f"`{one.method} {one.template}`" for one in OPERATIONS if name in one.element_permissions),
        )
        for name in permissions
    ]
    return _table(("permission", "reaches"), rows)


def sdk_table() -> str:
    """Return the table of the SDKs' calls; the names are the journey tests' own."""
    names = list(dict.fromkeys((*PYTHON_CALLS, *NODE_CALLS)))
    rows = [
        (f"`{name}`", *("passes" if name in calls else "not in the SDK" for calls in (PYTHON_CALLS, NODE_CALLS)))
        for name in names
    ]
    return _table(("call", "pycronofy (Python)", "cronofy (Node)"), rows)


def client_table() -> str:
    """Return the table of clients and what each was tried with; the journeys make the calls that stand in it."""
    rows = [
        (f"{tool.name} (wire replica)" if tool.is_replica else tool.name, *map(tool.result, COLUMNS.values()))
        for tool in tools()
    ]
    return _table(("client", *COLUMNS), rows)


def pointing_table() -> str:
    """Return the table of versions, and of how each client is pointed at the gateway."""
    rows = [
        (tool.name, f"{tool.version}, its source" if tool.is_replica else tool.version, tool.shows, tool.pointed)
        for tool in tools()
    ]
    return f"{_table(('client', 'version', 'shows its secret by', 'pointed by'), rows)}\n\nCustody: {custodies()}."


def limit_table() -> str:
    """Return the table of what each mode means for an operation."""
    rows = []
    for (operation, part), limits in LIMITS.items():
        name = f"`{operation}`" + (f" with {part}" if part else "")
        cells = [
            limits.get(mode, WORKS) for mode in (AccessMode.READ_WRITE, AccessMode.FREE_BUSY, AccessMode.NO_ACCESS)
        ]
        told = (f"**{one.effect}.** {one.how}" if one.how else f"{one.effect}" for one in cells)
        rows.append((name, *told))
    return _table(("operation", "`read_write`", "`free_busy`", "`no_access`"), rows)


TABLES: Final[dict[str, tuple[str, Callable[[], str]]]] = {
    "errors": ("errors.md", error_table),
    "events": ("observability.md", event_table),
    "metrics": ("observability.md", metric_table),
    "operations": ("operations.md", operation_table),
    "elements": ("ui-elements.md", element_table),
    "sdks": ("../README.md", sdk_table),
    "clients": ("clients.md", client_table),
    "pointing": ("clients.md", pointing_table),
    "limits": ("access-modes.md", limit_table),
}


def with_table(text: str, name: str, table: str) -> str:
    """Return a page with the table between its marks."""
    marks = re.compile(rf"(<!-- {name}: made by `make docs` -->\n).*?(<!-- {name}: end -->)", re.DOTALL)
    if not marks.search(text):
        raise ValueError(f"the page has no marks for {name}")
    return marks.sub(lambda match: f"{match.group(1)}\n{table}\n\n{match.group(2)}", text)


def main() -> None:
    """Write every table into its page."""
    for name, (page, make) in TABLES.items():
        path = DOCS / page
        path.write_text(with_table(path.read_text(encoding="utf-8"), name, make()), encoding="utf-8")


if __name__ == "__main__":
    main()
