"""Where a body asks for integrated conferencing: in an event, in items of a batch, in targets of real-time scheduling.

JSON in; the places out, each with the account and calendar that its mode is looked up for. What cannot be read as
Cronofy documents it asks for nothing: Cronofy will say what is wrong with it.

Source: https://docs.cronofy.com/developers/api/conferencing-services/create/ and /events/batch/.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from gateway.rules.errors import RequestRefused
from gateway.rules.operation_table import OperationTable
from gateway.rules.queries import parse_query, seen_names
from gateway.rules.request_target import read_target

_INTEGRATED: Final = "integrated"


@dataclass(frozen=True, slots=True)
class Ask:
    """A place that asks for integrated conferencing.

    Attributes:
        field: path of the field, as an error names it.
        account: `sub` whose calendar it is; empty for the caller's own.
        calendar_id: the calendar.
        item: index of the batch item; None outside of a batch.
    """

    field: str
    account: str
    calendar_id: str
    item: int | None = None


def asks_for_integrated(event: Any) -> bool:  # noqa: ANN401  straight from JSON
    """Say whether an event asks for integrated conferencing."""
    conferencing = event.get("conferencing") if isinstance(event, dict) else None
    return isinstance(conferencing, dict) and conferencing.get("profile_id") == _INTEGRATED


def asks_of(operation: str, values: Mapping[str, str], body: Any, table: OperationTable) -> list[Ask]:  # noqa: ANN401  JSON
    """Return every place of a body that asks for integrated conferencing.

    Args:
        operation: name of the operation.
        values: of its path.
        body: parsed.
        table: the route table, which names the operation of a batch item.
    """
    if not isinstance(body, dict):
        return []
    if operation == "upsert_event":
        field = "conferencing.profile_id"
        return [Ask(field, "", values.get("calendar_id", ""))] if asks_for_integrated(body) else []
    if operation == "batch":
        return list(_of_items(body, table))
    if operation in {"create_real_time_scheduling", "create_real_time_sequencing"}:
        return list(_of_targets(body))
    return []


def _of_items(body: dict[str, Any], table: OperationTable) -> Iterator[Ask]:
    items = body.get("batch")
    for index, item in enumerate(items if isinstance(items, list) else []):
        if not isinstance(item, dict):
            continue
        method, url = item.get("method"), item.get("relative_url")
        if not isinstance(method, str) or not isinstance(url, str):
            continue
        if not asks_for_integrated(item.get("data")) and not _hides_conferencing(url):
            continue
        try:
            match = table.match(method.upper(), read_target(url))
        except RequestRefused:
            # Nobody can say which calendar this is about, so it counts as one that is not known.
            yield Ask(f"batch[{index}].data.conferencing.profile_id", "", "", index)
        else:
            if match.operation.name == "upsert_event":
                calendar_id = match.values["calendar_id"]
                yield Ask(f"batch[{index}].data.conferencing.profile_id", "", calendar_id, index)


def _hides_conferencing(url: str) -> bool:
    """Say whether an item's query names the field that its data is judged by: Rack would read it there as well."""
    return any("conferencing" in seen_names(one) for one in parse_query(url.partition("?")[2]))


def _of_targets(body: dict[str, Any]) -> Iterator[Ask]:
    """Yield the targets that ask: by an event of their own, or by the common one where their own says nothing."""
    common = asks_for_integrated(body.get("event"))
    targets = body.get("target_calendars")
    for index, target in enumerate(targets if isinstance(targets, list) else []):
        if not isinstance(target, dict):
            continue
        event = target.get("event")
        own = isinstance(event, dict) and "conferencing" in event
        if asks_for_integrated(event) if own else common:
            account, calendar_id = target.get("sub"), target.get("calendar_id")
            if isinstance(account, str) and isinstance(calendar_id, str):
                field = f"target_calendars[{index}].event" if own else "event"
                yield Ask(f"{field}.conferencing.profile_id", account, calendar_id)
