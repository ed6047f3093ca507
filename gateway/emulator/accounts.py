"""An account with its profiles and calendars, and everything that an app stored in it."""

from dataclasses import dataclass, field
from typing import Literal

from gateway.emulator.identities import Identity, Mode, Provider, identity_of
from gateway.emulator.ids import stable_calendar_id

Kind = Literal["account", "service_account", "application_calendar"]
Record = dict[str, object]


@dataclass(slots=True, kw_only=True)
class Calendar:
    """One calendar of a profile; `has_sample_events` is false for those that an app created."""

    calendar_id: str
    name: str
    primary: bool = False
    readonly: bool = False
    deleted: bool = False
    permission_level: Literal["sandbox", "unrestricted"] = "sandbox"
    has_sample_events: bool = True


@dataclass(slots=True, kw_only=True)
class Profile:
    """One calendar connection. The access mode belongs to it, not to the account."""

    profile_id: str
    name: str
    provider: Provider
    mode: Mode
    connected: bool = True
    calendars: list[Calendar] = field(default_factory=list)

    @property
    def identity(self) -> Identity:
        """The two provider fields."""
        return identity_of(self.provider, self.mode)

    @property
    def has_integrated_conferencing(self) -> bool:
        """Meet and Teams need write access to the calendar itself."""
        return self.mode == "read_write" and self.provider in {"google", "microsoft"}


@dataclass(slots=True, kw_only=True)
class Account:
    """A person, a service account (`ser_…`) or an application calendar (`apc_…`)."""

    account_id: str
    kind: Kind = "account"
    email: str = ""
    provider: Provider = "google"
    mode: Mode = "read_write"
    application_calendar_id: str = ""
    profiles: list[Profile] = field(default_factory=list)
    conferencing_profiles: list[Record] = field(default_factory=list)
    managed_events: dict[tuple[str, str], Record] = field(default_factory=dict)
    participation: dict[tuple[str, str], str] = field(default_factory=dict)
    channels: dict[str, Record] = field(default_factory=dict)
    availability_rules: dict[str, Record] = field(default_factory=dict)
    available_periods: dict[str, Record] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """A display name made of the e-mail address: `ada.lovelace@…` becomes Ada Lovelace."""
        return self.email.partition("@")[0].replace(".", " ").replace("_", " ").title()

    def calendar(self, calendar_id: str) -> tuple[Profile, Calendar] | None:
        """Find a calendar and the profile it hangs on."""
        for profile in self.profiles:
            for calendar in profile.calendars:
                if calendar.calendar_id == calendar_id:
                    return profile, calendar
        return None


def first_calendars(profile_id: str, mode: Mode) -> list[Calendar]:
    """Give a new profile its two calendars; Cronofy's own, in No-Access mode, start empty."""
    filled = mode != "no_access"
    names = ("Calendar", "Projects") if filled else ("Cronofy", "Cronofy second")
    return [
        Calendar(
            calendar_id=stable_calendar_id(profile_id, name, with_at=position == 0),
            name=name,
            primary=position == 0,
            has_sample_events=filled,
        )
        for position, name in enumerate(names)
    ]
