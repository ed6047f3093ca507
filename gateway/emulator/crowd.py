"""A crowd: people who have authorized without a consent each, for tests and benchmarks that need many."""

from dataclasses import dataclass
from typing import Final, get_args

from gateway.emulator.accounts import Record
from gateway.emulator.bodies import Body, number_within
from gateway.emulator.grants import Grant
from gateway.emulator.identities import MODES, Mode
from gateway.emulator.refusals import Complaints
from gateway.emulator.state import State

SCOPE: Final = "free_busy_write"
_MOST: Final = 100_000
_LONGEST_LIFETIME: Final = 31_536_000  # seconds: a year, so that no benchmark meets the end
_FIELDS: Final = ("count", "mode", "expires_in")


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """One order: how many people, in which mode; without a lifetime (seconds) their tokens live as all others."""

    count: int
    mode: Mode = "read_write"
    expires_in: float | None = None


def crowd_from(fields: Body) -> Crowd | Complaints:
    """Read an order, or say of each bad field what is allowed. Only `count` must be there."""
    complaints: dict[str, tuple[str, str]] = {}
    count = number_within(fields.get("count"), 1, _MOST, whole=True)
    mode = next((known for known in get_args(Mode) if known == fields.get("mode", "read_write")), None)
    asked = fields.get("expires_in")
    lifetime = number_within(asked, 1, _LONGEST_LIFETIME, whole=True)
    if count is None:
        complaints["count"] = ("errors.invalid", f"count is a number from 1 to {_MOST}")
    if mode is None:
        complaints["mode"] = ("errors.not_recognized", f"mode is one of {', '.join(MODES)}")
    if asked is not None and lifetime is None:
        complaints["expires_in"] = (
            "errors.invalid",
            f"expires_in is a number of seconds from 1 to {_LONGEST_LIFETIME}",
        )
    for unknown in sorted(set(fields) - set(_FIELDS)):
        complaints[unknown] = ("errors.not_recognized", f"the fields are {', '.join(_FIELDS)}")
    if complaints or count is None or mode is None:
        return complaints
    return Crowd(count=int(count), mode=mode, expires_in=lifetime)


def invite(state: State, crowd: Crowd) -> list[Record]:
    """Make people that were not there before, each with an account, a profile and tokens of its own."""
    lifetime = state.settings.access_token_lifetime if crowd.expires_in is None else crowd.expires_in
    first = state.people.invited + 1
    state.people.invited += crowd.count
    return [_invite(state, number, crowd.mode, lifetime) for number in range(first, first + crowd.count)]


def _invite(state: State, number: int, mode: Mode, lifetime: float) -> Record:
    # Numbered, so that after a reset the same order makes the same accounts, as with all ids of the emulator.
    email = f"person-{number}@crowd.example.com"
    account, profile = state.people.connect(email=email, provider="google", mode=mode, link_to=None, may_link=False)
    grant = Grant(account=account, profile=profile, scope=SCOPE, redirect_uri="")
    authorization = state.grants.authorize(grant)
    return {
        "sub": account.account_id,
        "refresh_token": authorization.refresh_token,
        "access_token": state.grants.new_access_token(authorization, lifetime),
        "profile_id": profile.profile_id,
    }
