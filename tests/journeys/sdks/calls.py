"""Which calls of Cronofy's SDKs the journeys make through the gateway, in the order they are made.

A call has the name of its operation in the route table; OAuth's own, which are not in it, stand first and last.
"""

from dataclasses import dataclass
from typing import Any, Final, Self

PYTHON_CALLS: Final = (
    "authorize",
    "exchange_code",
    "refresh_token",
    "wrong_secret",
    "userinfo",
    "account",
    "profiles",
    "calendars",
    "create_calendar",
    "read_events",
    "free_busy",
    "upsert_event",
    "delete_event",
    "request_permissions",
    "delete_external_event",
    "change_participation_status",
    "batch",
    "bulk_delete_events",
    "availability",
    "sequenced_availability",
    "save_availability_rule",
    "availability_rule",
    "availability_rules",
    "delete_availability_rule",
    "create_channel",
    "channels",
    "close_channel",
    "create_real_time_scheduling",
    "real_time_scheduling",
    "find_real_time_scheduling",
    "disable_real_time_scheduling",
    "create_real_time_sequencing",
    "save_smart_invite",
    "smart_invite",
    "cancel_smart_invite",
    "create_element_token",
    "create_link_token",
    "authorize_conferencing",
    "create_application_calendar",
    "application_calendar",
    "authorize_with_service_account",
    "authorize_several_with_service_account",
    "resources",
    "revoke_profile",
    "revoke_token",
)

NODE_CALLS: Final = (
    "authorize",
    "exchange_code",
    "refresh_token",
    "wrong_secret",
    "userinfo",
    "account",
    "profiles",
    "calendars",
    "create_calendar",
    "read_events",
    "free_busy",
    "upsert_event",
    "delete_event",
    "request_permissions",
    "edit_external_event",
    "delete_external_event",
    "batch",
    "bulk_delete_events",
    "availability",
    "sequenced_availability",
    "create_available_period",
    "available_periods",
    "delete_available_periods",
    "save_availability_rule",
    "availability_rule",
    "availability_rules",
    "delete_availability_rule",
    "create_channel",
    "channels",
    "close_channel",
    "create_real_time_scheduling",
    "create_real_time_sequencing",
    "add_to_calendar",
    "save_smart_invite",
    "smart_invite",
    "cancel_smart_invite",
    "create_bookable_event",
    "bookable_event",
    "register_for_bookable_event",
    "unregister_from_bookable_event",
    "create_element_token",
    "create_link_token",
    "authorize_conferencing",
    "create_application_calendar",
    "application_calendar",
    "authorize_with_service_account",
    "accessible_calendars",
    "authorize_delegated",
    "revoke_profile",
    "revoke_token",
)

# Behind these stands the application, one of its own calendars, or a service account: nobody who chose a mode.
WITHOUT_A_PERSON: Final = frozenset(
    {
        "create_real_time_scheduling",
        "real_time_scheduling",
        "find_real_time_scheduling",
        "disable_real_time_scheduling",
        "create_real_time_sequencing",
        "add_to_calendar",
        "save_smart_invite",
        "smart_invite",
        "cancel_smart_invite",
        "create_bookable_event",
        "bookable_event",
        "register_for_bookable_event",
        "unregister_from_bookable_event",
        "create_element_token",
        "create_application_calendar",
        "application_calendar",
        "authorize_with_service_account",
        "authorize_several_with_service_account",
        "resources",
    }
)

# They ask at /oauth, where no answer has a mode yet.
OF_OAUTH: Final = frozenset({"authorize", "exchange_code", "refresh_token", "wrong_secret"})

SCOPE: Final = "read_events create_event delete_event create_calendar change_participation_status"
"""What the SDKs ask for: free_busy_write is for the gateway to add."""

# Element tokens are for pages of a registered origin; nobody listens there.
PAGES: Final = "http://127.0.0.1:9"
WITH_PAGES: Final = {"home": f"{PAGES}/", "origins": [PAGES]}
ENTERPRISE: Final = "/enterprise_connect/oauth/authorize"
SERVICE_SCOPE: Final = "service_account/accounts/manage service_account/resources/manage"


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that an SDK got: where it asked, and what the gateway said about the access mode."""

    url: str
    status: int
    mode: str | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a call went; `detail` is empty for a good one."""

    name: str
    ok: bool
    detail: str
    answers: tuple[Answer, ...]

    @classmethod
    def from_line(cls, line: dict[str, Any]) -> Self:
        """Read what the Node script prints about a call."""
        answers = tuple(Answer(**answer) for answer in line["answers"])
        return cls(name=line["name"], ok=line["ok"], detail=line["detail"], answers=answers)


@dataclass(frozen=True, slots=True)
class Journeyed:
    """A journey that is over.

    Attributes:
        gateway: its origin.
        custody: who kept the tokens.
        outcomes: of each call, by name.
        held: an access token, or what stands for one, that a client got.
        seen_upstream: what reached the emulator, as it tells itself.
    """

    gateway: str
    custody: str
    outcomes: dict[str, Outcome]
    held: str
    seen_upstream: list[dict[str, Any]]

    def assert_names_the_mode(self, name: str) -> None:
        """Every answer of the API to a call names the mode that the person connected in."""
        outcome = self.outcomes[name]
        wanted = {"not_applicable" if name in WITHOUT_A_PERSON else "read_write"}
        if name in {"revoke_profile", "revoke_token"}:
            wanted.add("unknown")  # what was known of the account has just ended
        told = {answer.mode for answer in outcome.answers if self._is_cronofys(name, answer)}
        if self.custody == "gateway" and name == "revoke_token":
            assert told == set()  # what was revoked is refused here
            return
        assert told, outcome
        assert told <= wanted, outcome

    def assert_nothing_went_past(self) -> None:
        """Every request of an SDK was for the gateway, and Cronofy saw no SDK but through it."""
        answers = [(name, answer) for name, outcome in self.outcomes.items() for answer in outcome.answers]
        asked = [answer.url for _, answer in answers]
        assert len(asked) > len(self.outcomes)
        assert not [url for url in asked if not url.startswith(f"{self.gateway}/")]
        proxied = [one for one in self.seen_upstream if "via" in one["header_names"]]
        assert len(proxied) == sum(self._is_cronofys(name, answer) for name, answer in answers)

    def _is_cronofys(self, name: str, answer: Answer) -> bool:
        """Say whether an answer came from upstream: a handle that was revoked is nothing to Cronofy."""
        refused_here = self.custody == "gateway" and name == "revoke_token" and answer.status == 401
        return "/v1/" in answer.url and not refused_here
