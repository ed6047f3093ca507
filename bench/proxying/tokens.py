"""The tokens of the measurements: recognisable at the far end, secret to nobody."""

import secrets
from typing import Final

ACCOUNT: Final = "acc_0123456789abcdef01234567"
CLIENT_ID: Final = "bench"
CLIENT_SECRET: Final = "bench-secret-0123456789abcdef"  # noqa: S105  known to all: it opens nothing
SCOPE: Final = "read_events free_busy_write"
LIFETIME: Final = 7 * 86_400  # seconds: nobody refreshes during a run
MODE_HEADER: Final = "Cronofy-Access-Mode"
MODE: Final = "free_busy"  # that peers put on every answer; they cannot know better
_PREFIX: Final = "bench-"
_LENGTH: Final = len(_PREFIX) + 43
FIXED: Final = _PREFIX + "f" * 43  # of those where nobody signs in


def new_access_token() -> str:
    """Make a token as long as Cronofy's are."""
    return _PREFIX + secrets.token_urlsafe(32)


def is_bearer(value: str) -> bool:
    """Say whether an Authorization header holds a token that was made here."""
    scheme, _, token = value.partition(" ")
    return scheme == "Bearer" and token.startswith(_PREFIX) and len(token) == _LENGTH
