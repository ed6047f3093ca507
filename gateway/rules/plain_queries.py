"""Queries that hold nothing that any rule looks at: parameters of the API's reads, each in its plain spelling.

A query that is not plain is no bad one; it is only judged in full each time.

Source: https://docs.cronofy.com/developers/api/events/read-events, …/free-busy and …/calendars/list-calendars.
"""

import re
from typing import Final

PLAIN_NAMES: Final = (
    "from",
    "to",
    "tzid",
    "include_deleted",
    "include_moved",
    "include_managed",
    "include_geo",
    "include_ids",
    "last_modified",
    "localized_times",
    "google_event_ids",
    "calendar_ids[]",
    "calendar_ids%5B%5D",
)

# No `;`, which some readers take for `&`; no second `=`.
_PLAIN: Final = re.compile(
    "(?:(?:{names})=[A-Za-z0-9_.:%+,/@-]*(?:&|$))+".format(names="|".join(map(re.escape, PLAIN_NAMES)))
)


def is_plain(query: str) -> bool:
    """Say whether a raw query is empty, or holds nothing that a rule looks at."""
    return not query or _PLAIN.fullmatch(query) is not None
