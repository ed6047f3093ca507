"""Event times: a date, a time in UTC or with an offset, or either with a time zone beside it.

Source: https://docs.cronofy.com/developers/api/date-and-time-formats
"""

from datetime import UTC, datetime


def seconds_of(value: object) -> float | None:
    """Read an event time into Unix seconds, or None if it is none.

    Dates start at midnight UTC, and a `tzid` beside a local time is not applied: enough for an emulator, and it
    needs no time zone database. C# writes a space where the T belongs; that is read as well.
    """
    if isinstance(value, dict):
        value = value.get("time")
    if not isinstance(value, str) or not value:
        return None
    try:
        moment = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def text_at(seconds: float) -> str:
    """Write Unix seconds the way the API does."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def date_at(seconds: float) -> str:
    """Write the UTC date of Unix seconds."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")
