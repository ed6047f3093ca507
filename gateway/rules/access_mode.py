"""The access modes: what they are called, how they are recognised, what the header says.

The mode belongs to a profile; an account may hold profiles in several modes. The scope never tells it: Read-Write and
Free/Busy are both connected with free_busy_write.

Source: https://docs.cronofy.com/developers/authorization/access-modes/ and its FAQ. RFC 9651 for the list.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class AccessMode(StrEnum):
    """How a person connected their calendar to Cronofy, or why there is nothing to say."""

    READ_WRITE = "read_write"
    FREE_BUSY = "free_busy"
    NO_ACCESS = "no_access"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not_applicable"


RESTRICTED: Final = frozenset({AccessMode.FREE_BUSY, AccessMode.NO_ACCESS})
_ORDER: Final = (AccessMode.READ_WRITE, AccessMode.FREE_BUSY, AccessMode.NO_ACCESS)


@dataclass(frozen=True, slots=True)
class Profile:
    """One calendar connection of an account.

    Attributes:
        id: `pro_…`.
        mode: its access mode.
        calendars: ids of its calendars, as far as they are known.
        name: what the person calls it, mostly an e-mail address.
        connected: Cronofy can use it; False until the person has linked it again.
        relink_url: where they do that; empty while it is connected.
    """

    id: str
    mode: AccessMode
    calendars: frozenset[str] = frozenset()
    name: str = ""
    connected: bool = True
    relink_url: str = ""


def mode_of_provider(provider_name: object, provider_service: object = None, *, account: str = "") -> AccessMode:
    """Return the access mode that a provider's name or service stands for; either one is enough.

    `cronofy` is No-Access for an account, and means nothing for an application calendar (`apc_…`), which reports the
    same name. A new name that ends in `_free_busy` is Free/Busy; any other is Read-Write.
    """
    names = [name for name in (provider_name, provider_service) if isinstance(name, str) and name]
    if not names:
        return AccessMode.UNKNOWN
    if any(name.endswith("_free_busy") for name in names):
        return AccessMode.FREE_BUSY
    if "cronofy" in names:
        return AccessMode.NOT_APPLICABLE if account.startswith("apc_") else AccessMode.NO_ACCESS
    return AccessMode.READ_WRITE


@dataclass(frozen=True, slots=True)
class AccountModes:
    """What is known of an account's modes.

    Attributes:
        account: its `sub`.
        profiles: its profiles.
        whole: learnt from userinfo, so these are all its profiles and calendars; else only what exchanges told.
        learnt_at: Unix time, in seconds, of the userinfo answer or the exchange.
    """

    account: str
    profiles: tuple[Profile, ...]
    whole: bool
    learnt_at: float

    def of_calendar(self, calendar_id: str) -> AccessMode | None:
        """Return the mode of one calendar, or None when it is not known whose it is."""
        return next((profile.mode for profile in self.profiles if calendar_id in profile.calendars), None)

    def all(self) -> tuple[AccessMode, ...]:
        """Return the different modes of the account, in the header's order; empty when none is known."""
        return in_order(profile.mode for profile in self.profiles)

    def with_profile(self, profile: Profile, *, now: float) -> "AccountModes":
        """Return the same account with one profile added, or replaced where it was known."""
        known = next((one for one in self.profiles if one.id == profile.id), None)
        kept = known.calendars if known is not None and not profile.calendars else profile.calendars
        others = tuple(one for one in self.profiles if one.id != profile.id)
        fresh = Profile(profile.id, profile.mode, kept, profile.name or (known.name if known else ""))
        # Its calendars are not known yet, so the account has to be looked up again before it counts as whole.
        return AccountModes(self.account, (*others, fresh), whole=False, learnt_at=now)


def in_order(modes: Iterable[AccessMode]) -> tuple[AccessMode, ...]:
    """Return each of the three modes that occurs, in the order of the header's list."""
    found = set(modes)
    return tuple(mode for mode in _ORDER if mode in found)


def header_value(known: AccountModes | None, calendar_ids: Iterable[str] = ()) -> str:
    """Return the access-mode header's value for a call.

    One token for a call on known calendars in one mode, or an account in one mode; an RFC 9651 list when they differ;
    `unknown` when nothing is known; `not_applicable` for an account without a person behind it.

    Args:
        known: what is known of the account, if anything.
        calendar_ids: the calendars that the call names.
    """
    if known is None:
        return AccessMode.UNKNOWN
    if known.account.startswith(("ser_", "apc_")):
        return AccessMode.NOT_APPLICABLE
    named = [known.of_calendar(one) for one in calendar_ids]
    if named and all(named):
        return ", ".join(in_order(mode for mode in named if mode)) or AccessMode.UNKNOWN
    return ", ".join(known.all()) or AccessMode.UNKNOWN
