"""What can come of using a refresh token, and how it is told to those who share it."""

from dataclasses import dataclass
from typing import Any, Final

import msgspec

from gateway.flows.ports import ApiReply
from gateway.flows.refresh_journal import Entry
from gateway.rules.error_codes import Code
from gateway.rules.errors import CronofyUnavailable
from gateway.rules.token_reply import error_of_reply

_RETRY_AFTER: Final = {"Retry-After": "5"}
_OK: Final = 200


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What came of a refresh.

    Attributes:
        reply: Cronofy's answer.
        at: Unix time, in seconds, at which it came; earlier than now when another caller's answer is shared.
        interrupted: the refresh token may have been used before, by somebody whose answer was never kept.
    """

    reply: ApiReply
    at: float
    interrupted: bool

    @property
    def is_final(self) -> bool:
        """Say whether the refresh token is dead: only the `error` field counts, not its text."""
        return self.reply.status != _OK and error_of_reply(self.reply.body) == "invalid_grant"


class UnusableReply(CronofyUnavailable):
    """Cronofy answered, but neither with a token set nor with a final refusal.

    Args:
        reply: what it answered.
        detail: why that cannot be used; quotes nothing of it.
    """

    def __init__(self, reply: ApiReply, detail: str) -> None:
        super().__init__(
            Code.UPSTREAM_REPLY_INVALID,
            "Cronofy's token endpoint gave an answer that cannot be used; the connection is kept.",
            detail=detail,
            headers=_RETRY_AFTER,
        )
        self.reply = reply


def remaining(refreshed: Refreshed, now: float) -> ApiReply:
    """Return an answer as it reads now: with what is left of `expires_in`, where it came a while ago."""
    age = int(now - refreshed.at)
    if refreshed.reply.status != _OK or age <= 0:
        return refreshed.reply
    fields = msgspec.json.decode(refreshed.reply.body, type=dict[str, Any])
    fields["expires_in"] = max(1, int(fields["expires_in"]) - age)
    return ApiReply(_OK, msgspec.json.encode(fields))


def failure_of(entry: Entry) -> CronofyUnavailable:
    """Return the failure that another node wrote down."""
    if entry.status:
        return UnusableReply(ApiReply(entry.status, entry.body), f"status {entry.status}, told by another node")
    return CronofyUnavailable(Code(entry.code), entry.public, detail="told by another node", headers=_RETRY_AFTER)


def again(told: CronofyUnavailable) -> CronofyUnavailable:
    """Return a new one of a failure: a raised exception keeps the frames of everybody who raised it."""
    if isinstance(told, UnusableReply):
        return UnusableReply(told.reply, told.detail)
    return CronofyUnavailable(told.code, told.public, detail=told.detail, headers=told.headers)
