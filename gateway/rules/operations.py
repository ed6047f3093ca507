"""The operations of the Cronofy API that this gateway proxies: the route table.

A request whose method and path are no row is refused here (`extra_operations` in the configuration adds rows for
endpoints newer than this table). Code, documentation and tests read the same rows.

Source: the reference pages under https://docs.cronofy.com/developers/api/ and the calls of Cronofy's SDKs.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Credential(StrEnum):
    """Which kind of credential an operation takes."""

    USER = "user"  # a person's or an application calendar's access token
    SERVICE_ACCOUNT = "service account"
    API_KEY = "api key"  # the client secret as Bearer
    BODY = "client_id and client_secret in the JSON body"
    UNIT = "organizational unit"
    ADMIN = "admin key"
    ELEMENT = "element token"  # in the query, as UI Elements send it


class Body(StrEnum):
    """What the gateway does with a request's body."""

    STREAMED = "streamed"
    READ = "read"  # JSON, bounded, judged by a rule


@dataclass(frozen=True, slots=True)
class Operation:
    """A row of the route table.

    Attributes:
        name: what logs and metrics call it; never holds a value of the request.
        method: upper case.
        template: path template; `{name}` is one segment.
        credentials: the kinds of credential that Cronofy takes.
        scopes: any one of them suffices; empty means any scope.
        body: whether a rule reads the request's body.
        paged: the answer may hold `pages.next_page`, which must lead back to this gateway.
        conferencing: the body can carry `conferencing`.
        issues_tokens: the answer is a token set, to be bound to the client.
        bearer_parameter: the credential may come as `bearer_token`: in the query, or the JSON body of what is no GET.
        issues_element_token: the answer is an element token, to be bound to the client.
        element_permissions: an element token needs one of these; empty where it needs none, or may not call at all.
        ruled_fields: top-level fields that a rule judges, so that no query parameter may shadow them.
        queried: query parameters that a rule judges, so that no field of a body may shadow them.
        learns: the answer names a new object, which then belongs to the client.
    """

    name: str
    method: str
    template: str
    credentials: frozenset[Credential]
    scopes: tuple[str, ...] = ()
    body: Body = Body.STREAMED
    paged: bool = False
    conferencing: bool = False
    issues_tokens: bool = False
    bearer_parameter: bool = False
    issues_element_token: bool = False
    element_permissions: frozenset[str] = frozenset()
    ruled_fields: frozenset[str] = frozenset()
    queried: frozenset[str] = frozenset()
    learns: bool = False

    @property
    def answer_is_read(self) -> bool:
        """Whether a good answer is read here, so that it has to come whole and uncompressed."""
        return self.paged or self.issues_tokens or self.issues_element_token or self.learns

    @property
    def takes_anything(self) -> bool:
        """Whether nobody knows which credential it takes: a row of `extra_operations`."""
        return self.credentials == frozenset(Credential)

    @property
    def segments(self) -> tuple[str, ...]:
        """The template's segments."""
        return tuple(self.template.split("/")[1:])


@dataclass(frozen=True, slots=True)
class Match:
    """An operation and the decoded values of its path's `{names}`."""

    operation: Operation
    values: dict[str, str]


_KINDS: Final = {
    "U": Credential.USER,
    "S": Credential.SERVICE_ACCOUNT,
    "K": Credential.API_KEY,
    "B": Credential.BODY,
    "O": Credential.UNIT,
    "M": Credential.ADMIN,
}
_CREDENTIAL_FIELDS: Final = frozenset({"client_id", "client_secret"})


def _row(
    name: str,
    method: str,
    template: str,
    kinds: str,
    *scopes: str,
    read: str = "",
    paged: bool = False,
    conferencing: bool = False,
    issues_tokens: bool = False,
    bearer_parameter: bool = False,
    queried: str = "",
    learns: bool = False,
    issues_element_token: bool = False,
    elements: str = "",
) -> Operation:
    """Write a row: kinds are the letters of _KINDS, `read` and `queried` name what a rule judges.

    `elements` names the permissions of the UI Elements that call it with an element token.
    """
    ruled = frozenset(read.split()) | (_CREDENTIAL_FIELDS if "B" in kinds else frozenset())
    ruled |= frozenset({"bearer_token"} if bearer_parameter and method != "GET" else ())
    return Operation(
        name=name,
        method=method,
        template=template,
        credentials=frozenset((*(_KINDS[kind] for kind in kinds), *((Credential.ELEMENT,) if elements else ()))),
        scopes=scopes,
        body=Body.READ if ruled or queried else Body.STREAMED,
        paged=paged,
        conferencing=conferencing,
        issues_tokens=issues_tokens,
        bearer_parameter=bearer_parameter,
        issues_element_token=issues_element_token,
        element_permissions=frozenset(elements.split()),
        ruled_fields=ruled,
        queried=frozenset(queried.split()),
        learns=learns,
    )


_MANAGE: Final = ("service_account/accounts/manage", "service_account/resources/manage")
_UNIT: Final = "organizational_unit_scheduler"
_EVENTS: Final = "/v1/calendars/{calendar_id}/events"
_BOOKABLE: Final = "/v1/bookable_events"
# Where bodies name accounts; they are found at any depth below (`rules/account_names`).
_PEOPLE: Final = "participants sequence availability target_calendars sub subs"

OPERATIONS: Final[tuple[Operation, ...]] = (
    _row("userinfo", "GET", "/v1/userinfo", "US", elements="agenda account_management managed_availability"),
    _row("account", "GET", "/v1/account", "US"),
    _row("profiles", "GET", "/v1/profiles", "U"),
    _row("revoke_profile", "POST", "/v1/profiles/{profile_id}/revoke", "U", elements="account_management"),
    _row("create_link_token", "POST", "/v1/link_tokens", "U"),
    _row("request_permissions", "POST", "/v1/permissions", "U"),
    _row(
        "create_application_calendar",
        "POST",
        "/v1/application_calendars",
        "B",
        read="application_calendar_id",
        issues_tokens=True,
    ),
    _row(
        "authorize_with_service_account",
        "POST",
        "/v1/service_account_authorizations",
        "S",
        *_MANAGE,
        read="scope callback_url service_account_authorizations",
    ),
    _row("resources", "GET", "/v1/resources", "S", "service_account/resources/manage"),
    _row("accessible_calendars", "GET", "/v1/accessible_calendars", "U"),
    _row(
        "authorize_delegated",
        "POST",
        "/v1/delegated_authorizations",
        "U",
        read="scope callback_url delegated_authorizations",
    ),
    _row("calendars", "GET", "/v1/calendars", "U"),
    _row("create_calendar", "POST", "/v1/calendars", "U", "create_calendar"),
    _row("read_events", "GET", "/v1/events", "U", "read_events", paged=True, elements="agenda"),
    _row("read_events_page", "GET", "/v1/events/pages/{page_id}", "U", "read_events", paged=True, elements="agenda"),
    _row("upsert_event", "POST", _EVENTS, "U", "create_event", read="conferencing attachments", conferencing=True),
    _row("delete_event", "DELETE", _EVENTS, "U", "delete_event"),
    _row("bulk_delete_events", "DELETE", "/v1/events", "U", "delete_event"),
    _row(
        "change_participation_status",
        "POST",
        _EVENTS + "/{event_uid}/participation_status",
        "U",
        "change_participation_status",
    ),
    _row("free_busy", "GET", "/v1/free_busy", "U", "read_free_busy", paged=True, elements="agenda"),
    _row(
        "free_busy_page", "GET", "/v1/free_busy/pages/{page_id}", "U", "read_free_busy", paged=True, elements="agenda"
    ),
    _row("batch", "POST", "/v1/batch", "U", read="batch", conferencing=True),
    _row("availability", "POST", "/v1/availability", "KU", read=_PEOPLE, elements="availability"),
    _row("sequenced_availability", "POST", "/v1/sequenced_availability", "KU", read=_PEOPLE, elements="availability"),
    _row("available_periods", "GET", "/v1/available_periods", "U", paged=True),
    _row("available_periods_page", "GET", "/v1/available_periods/pages/{page_id}", "U", paged=True),
    _row("create_available_period", "POST", "/v1/available_periods", "U"),
    _row("delete_available_periods", "DELETE", "/v1/available_periods", "U"),
    _row("save_availability_rule", "POST", "/v1/availability_rules", "U", elements="managed_availability"),
    _row("availability_rules", "GET", "/v1/availability_rules", "U"),
    _row("availability_rule", "GET", "/v1/availability_rules/{rule_id}", "U", elements="managed_availability"),
    _row("delete_availability_rule", "DELETE", "/v1/availability_rules/{rule_id}", "U"),
    _row(
        "create_real_time_scheduling",
        "POST",
        "/v1/real_time_scheduling",
        "KB",
        read=f"event {_PEOPLE}",
        conferencing=True,
        learns=True,
    ),
    _row("find_real_time_scheduling", "GET", "/v1/real_time_scheduling", "K", queried="token"),
    _row("real_time_scheduling", "GET", "/v1/real_time_scheduling/{id}", "K"),
    _row("disable_real_time_scheduling", "POST", "/v1/real_time_scheduling/{id}/disable", "K"),
    _row(
        "create_real_time_sequencing",
        "POST",
        "/v1/real_time_sequencing",
        "KB",
        read=f"event {_PEOPLE}",
        conferencing=True,
        learns=True,
    ),
    _row("disable_real_time_sequencing", "POST", "/v1/real_time_sequencing/{id}/disable", "K"),
    _row("add_to_calendar", "POST", "/v1/add_to_calendar", "B"),
    _row("save_smart_invite", "POST", "/v1/smart_invites", "K", read=f"smart_invite_id method event {_PEOPLE}"),
    _row("smart_invite", "GET", "/v1/smart_invites", "K", queried="smart_invite_id"),
    _row(
        "create_bookable_event",
        "POST",
        _BOOKABLE,
        "K",
        read=f"bookable_event_id event {_PEOPLE}",
        conferencing=True,
        learns=True,
        bearer_parameter=True,
    ),
    _row("bookable_event", "GET", _BOOKABLE + "/{id}", "K", bearer_parameter=True),
    _row(
        "register_for_bookable_event",
        "POST",
        _BOOKABLE + "/{id}/registrations",
        "K",
        read=_PEOPLE,
        bearer_parameter=True,
    ),
    _row(
        "unregister_from_bookable_event",
        "DELETE",
        _BOOKABLE + "/{id}/registrations/{registration_id}",
        "K",
        bearer_parameter=True,
    ),
    _row("create_scheduling_conversation", "POST", "/v1/scheduling_conversations", "U", read=_PEOPLE),
    _row("find_scheduling_conversation", "GET", "/v1/scheduling_conversations", "U"),
    _row("scheduling_conversation", "GET", "/v1/scheduling_conversations/{id}", "U"),
    _row("create_scheduling_request", "POST", "/v1/scheduling_requests", "KO", _UNIT, read=_PEOPLE, learns=True),
    _row("scheduling_requests", "GET", "/v1/scheduling_requests", "KO", _UNIT),
    _row("scheduling_request", "GET", "/v1/scheduling_requests/{id}", "KO", _UNIT),
    _row(
        "create_element_token",
        "POST",
        "/v1/element_tokens",
        "K",
        read=f"origin permissions {_PEOPLE}",
        issues_element_token=True,
    ),
    _row("authorize_conferencing", "POST", "/v1/conferencing_service_authorizations", "U"),
    _row("create_attachment", "POST", "/v1/attachments", "K", learns=True),
    _row("create_channel", "POST", "/v1/channels", "U", "read_events"),
    _row("channels", "GET", "/v1/channels", "U"),
    _row("close_channel", "DELETE", "/v1/channels/{channel_id}", "U"),
    _row("create_application", "POST", "/v1/applications", "M"),
    _row("verify_application", "POST", "/v1/application_verification", "K"),
)
