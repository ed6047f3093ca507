"""What is answered when a call is turned down; raised anywhere, made a response or a batch item at one place.

Source: https://docs.cronofy.com/developers/api/error-codes
"""

from collections.abc import Mapping

Complaints = Mapping[str, tuple[str, str]]
"""Field to (key, description): the key is for programs, the description for people."""


class RefusalError(Exception):
    """A call that gets no 2xx, with its status and JSON body."""

    def __init__(self, status: int, body: dict[str, object], headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body
        self.headers = dict(headers or {})


def invalid(complaints: Complaints) -> RefusalError:
    """422: each bad field with its key and description."""
    errors: dict[str, object] = {
        name: [{"key": key, "description": description}] for name, (key, description) in complaints.items()
    }
    return RefusalError(422, {"errors": errors})


def required(*names: str) -> Complaints:
    """Complain about fields that are missing."""
    return {name: ("errors.required", f"{name} must be specified") for name in names}


def unrecognized() -> RefusalError:
    """401: nobody that we know, or the other kind of credential: API keys and user tokens do not mix."""
    # RFC 6750 section 3: the challenge must be there; its parameters are optional.
    return RefusalError(401, {"error": "invalid_token"}, {"WWW-Authenticate": "Bearer"})


def insufficient_scope(needed: str) -> RefusalError:
    """403: known, but not allowed to; the person would have to authorize again."""
    return RefusalError(403, {"error": "insufficient_scope", "scope": needed})


def not_found() -> RefusalError:
    """404: no such calendar, channel, page, …, for this caller."""
    return RefusalError(404, {"error": "not_found"})
