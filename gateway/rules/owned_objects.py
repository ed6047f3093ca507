"""Objects that the API key makes, and where their ids stand: in the path, the query, the body or the answer.

A scheduling link, a Smart Invite, a bookable event, a scheduling request, an attachment and an application calendar
belong to no person. Cronofy gives each to the application; here it belongs to the client that made it. Plain values in,
ids out.

Source: the reference pages under https://docs.cronofy.com/developers/api/; which field of an answer holds the id of a
scheduling request is not documented where it could be read, so both usual spellings are taken.
"""

from dataclasses import dataclass
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused
from gateway.rules.queries import owned_parameters, parse_query

_MOST_ID_LENGTH: Final = 1_024


class ObjectName(NamedTuple):
    """What names an object within its application."""

    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where an operation names an object.

    Attributes:
        kind: what it is.
        path: name of the path's value that is its id.
        query: name of the query parameter that is its id.
        chosen: field of the body by which the app chooses the id of a new one, or names one that is there.
        keeps: values of `method` in the body that ask for a new one; another value is about one that is there.
        made: member of the answer that describes a new one.
        link: the answer's description holds a `url` whose last part is looked up later.
    """

    kind: str
    path: str = ""
    query: str = ""
    chosen: str = ""
    keeps: frozenset[str | None] = frozenset()
    made: str = ""
    link: str = ""


LINK: Final = "scheduling_link"
LINK_TOKEN: Final = "scheduling_link_token"  # noqa: S105  what an object is called
INVITE: Final = "smart_invite"
BOOKABLE: Final = "bookable_event"
REQUEST: Final = "scheduling_request"
ATTACHMENT: Final = "attachment"
CALENDAR: Final = "application_calendar"

PLACES: Final[dict[str, Place]] = {
    # The same id brings a token for the same calendar, to whoever asks with the application's credentials.
    "create_application_calendar": Place(CALENDAR, chosen="application_calendar_id"),
    "create_real_time_scheduling": Place(LINK, made="real_time_scheduling", link=LINK_TOKEN),
    "find_real_time_scheduling": Place(LINK_TOKEN, query="token"),
    "real_time_scheduling": Place(LINK, path="id"),
    "disable_real_time_scheduling": Place(LINK, path="id"),
    # Of the same kind: a sequence's link may be read as a scheduling link's, and ids of both are Cronofy's own.
    "create_real_time_sequencing": Place(LINK, made="real_time_sequencing", link=LINK_TOKEN),
    "disable_real_time_sequencing": Place(LINK, path="id"),
    "save_smart_invite": Place(INVITE, chosen="smart_invite_id", keeps=frozenset({None, "", "request"})),
    "smart_invite": Place(INVITE, query="smart_invite_id"),
    "create_bookable_event": Place(BOOKABLE, chosen="bookable_event_id", made="bookable_event"),
    "bookable_event": Place(BOOKABLE, path="id"),
    "register_for_bookable_event": Place(BOOKABLE, path="id"),
    "unregister_from_bookable_event": Place(BOOKABLE, path="id"),
    "create_scheduling_request": Place(REQUEST, made="scheduling_request"),
    "scheduling_request": Place(REQUEST, path="id"),
    "create_attachment": Place(ATTACHMENT, made="attachment"),
}
# They answer with the objects of every client of the application.
LISTING: Final = frozenset({"scheduling_requests"})


def object_used(operation: str, values: dict[str, str], query: str) -> ObjectName | None:
    """Return the object that a call's path or query names; None for an operation that names none there.

    Raises:
        RequestRefused: `parameter_repeated` where two readers could see two ids.
    """
    place = PLACES.get(operation)
    if place is None or not (place.path or place.query):
        return None
    if place.path:
        return ObjectName(place.kind, values[place.path])
    found = owned_parameters(parse_query(query), frozenset({place.query})).get(place.query)
    return ObjectName(place.kind, found.value if found else "")


def object_chosen(operation: str, body: Any) -> tuple[ObjectName, bool] | None:  # noqa: ANN401  straight from JSON
    """Return the object that a body names, and whether a new one may come of it.

    Raises:
        RequestRefused: `invalid_field` for an id that is no string, or longer than any.
    """
    place = PLACES.get(operation)
    if place is None or not place.chosen or not isinstance(body, dict):
        return None
    name = body.get(place.chosen)
    if name is None or name == "":
        return None
    if not isinstance(name, str) or len(name) > _MOST_ID_LENGTH:
        sentence = f"It must be a string of at most {_MOST_ID_LENGTH} characters."
        raise RequestRefused(Code.INVALID_FIELD, f"{place.chosen} is no usable id.", fields={place.chosen: sentence})
    method = body.get("method")
    makes = not place.keeps or (isinstance(method, str | None) and method in place.keeps)
    return ObjectName(place.kind, name), makes


def objects_made(operation: str, answer: Any) -> tuple[ObjectName, ...]:  # noqa: ANN401  straight from JSON
    """Return what an answer says was made; nothing where it cannot be read as Cronofy documents it."""
    place = PLACES.get(operation)
    made = answer.get(place.made) if place and place.made and isinstance(answer, dict) else None
    if place is None or not isinstance(made, dict):
        return ()
    found = []
    for field in (f"{place.made}_id", "id"):
        if isinstance(name := made.get(field), str) and name:
            found.append(ObjectName(place.kind, name))
            break
    if place.link and isinstance(url := made.get("url"), str) and (token := _last_part(url)):
        found.append(ObjectName(place.link, token))
    return tuple(found)


def _last_part(url: str) -> str:
    try:
        return urlsplit(url).path.rstrip("/").rpartition("/")[2]
    except ValueError:
        return ""
