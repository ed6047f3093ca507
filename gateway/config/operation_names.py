"""Names in `clients.*.operations` that no operation has, with the names that come near."""

from collections.abc import Collection
from difflib import get_close_matches

from gateway.config.clients import ClientSettings
from gateway.config.complaints import Complaint
from gateway.config.settings import Settings
from gateway.rules.operation_table import extra_operation
from gateway.rules.operations import OPERATIONS


def complaints_about_operations(client_id: str, client: ClientSettings, settings: Settings) -> list[Complaint]:
    """Return a complaint for each name that is neither a row of the route table nor of `extra_operations`."""
    known = {one.name for one in OPERATIONS} | {extra_operation(one).name for one in settings.proxy.extra_operations}
    return [
        Complaint(f"clients.{client_id}.operations", f"{name!r} is no operation", _hint(name, known))
        for name in client.operations
        if name not in known
    ]


def _hint(name: str, known: Collection[str]) -> str:
    near = get_close_matches(name, sorted(known), n=3)
    return f"did you mean {', '.join(near)}?" if near else "docs/operations.md names all of them"
