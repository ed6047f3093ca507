"""Every path that the emulator serves, with whose credential it takes and what scope it needs."""

from functools import partial
from typing import Final

from aiohttp import web

from gateway.emulator import (
    applications,
    authorize,
    availability,
    bookable_events,
    calendars,
    channels,
    conversations,
    delegation,
    event_writes,
    events,
    free_busy,
    identity,
    managed_availability,
    permissions,
    scheduling,
    smart_invites,
    token_endpoint,
)
from gateway.emulator.batch import batch
from gateway.emulator.calls import Caller, Endpoint, endpoint
from gateway.emulator.control import CONTROLS, controlled
from gateway.emulator.index_page import index_page
from gateway.emulator.page_layout import STYLESHEET_PATH, stylesheet

_PERSON: Final = Caller.PERSON
_KEY: Final = Caller.KEY
_KEY_OR_BODY: Final = Caller.KEY_OR_BODY

API: Final[tuple[tuple[str, str, Caller, str, Endpoint], ...]] = (
    ("GET", "/v1/userinfo", Caller.ANY_TOKEN, "", identity.userinfo),
    ("GET", "/v1/account", Caller.ANY_TOKEN, "", identity.account),
    ("GET", "/v1/profiles", _PERSON, "", identity.profiles),
    ("POST", "/v1/profiles/{profile_id}/revoke", _PERSON, "", identity.revoke_profile),
    ("POST", "/v1/link_tokens", _PERSON, "", permissions.link_token),
    ("POST", "/v1/permissions", _PERSON, "", permissions.request_permissions),
    ("POST", "/v1/conferencing_service_authorizations", _PERSON, "", permissions.request_conferencing),
    ("POST", "/v1/application_calendars", _KEY_OR_BODY, "", calendars.application_calendar),
    ("GET", "/v1/calendars", _PERSON, "", calendars.calendars),
    ("POST", "/v1/calendars", _PERSON, "create_calendar", calendars.create_calendar),
    ("GET", "/v1/events", _PERSON, "", events.read_events),
    ("GET", "/v1/events/pages/{page_id}", _PERSON, "", partial(events.next_page, name="events")),
    ("DELETE", "/v1/events", _PERSON, "delete_event", event_writes.bulk_delete),
    ("POST", "/v1/calendars/{calendar_id}/events", _PERSON, "create_event", event_writes.upsert),
    ("DELETE", "/v1/calendars/{calendar_id}/events", _PERSON, "delete_event", event_writes.delete),
    (
        "POST",
        "/v1/calendars/{calendar_id}/events/{event_uid}/participation_status",
        _PERSON,
        "change_participation_status",
        event_writes.participate,
    ),
    ("GET", "/v1/free_busy", _PERSON, "read_free_busy", free_busy.read_free_busy),
    ("GET", "/v1/free_busy/pages/{page_id}", _PERSON, "", partial(events.next_page, name="free_busy")),
    ("POST", "/v1/batch", _PERSON, "", batch),
    ("POST", "/v1/availability", Caller.KEY_OR_PERSON, "", availability.availability),
    ("POST", "/v1/sequenced_availability", Caller.KEY_OR_PERSON, "", availability.sequenced_availability),
    ("GET", "/v1/available_periods{slash:/?}", _PERSON, "", managed_availability.read_periods),
    ("POST", "/v1/available_periods{slash:/?}", _PERSON, "", managed_availability.upsert_period),
    ("DELETE", "/v1/available_periods{slash:/?}", _PERSON, "", managed_availability.remove_period),
    (
        "GET",
        "/v1/available_periods/pages/{page_id}",
        _PERSON,
        "",
        partial(events.next_page, name="available_periods"),
    ),
    ("GET", "/v1/availability_rules", _PERSON, "", managed_availability.read_rules),
    ("POST", "/v1/availability_rules", _PERSON, "", managed_availability.upsert_rule),
    ("GET", "/v1/availability_rules/{rule_id}", _PERSON, "", managed_availability.read_rule),
    ("DELETE", "/v1/availability_rules/{rule_id}", _PERSON, "", managed_availability.delete_rule),
    ("POST", "/v1/real_time_scheduling", _KEY_OR_BODY, "", scheduling.schedule),
    ("GET", "/v1/real_time_scheduling", _KEY, "", scheduling.read_link),
    ("GET", "/v1/real_time_scheduling/{scheduling_id}", _KEY, "", scheduling.read_link),
    ("POST", "/v1/real_time_scheduling/{scheduling_id}/disable", _KEY_OR_BODY, "", scheduling.disable_link),
    ("POST", "/v1/real_time_sequencing", _KEY_OR_BODY, "", scheduling.sequence),
    ("POST", "/v1/add_to_calendar", _KEY_OR_BODY, "", scheduling.add_to_calendar),
    ("GET", "/v1/smart_invites", _KEY, "", smart_invites.read_invite),
    ("POST", "/v1/smart_invites", _KEY, "", smart_invites.upsert_invite),
    ("POST", "/v1/bookable_events", _KEY, "", bookable_events.upsert_bookable),
    ("GET", "/v1/bookable_events/{bookable_event_id}", _KEY, "", bookable_events.read_bookable),
    ("POST", "/v1/bookable_events/{bookable_event_id}/registrations", _KEY, "", bookable_events.register),
    (
        "DELETE",
        "/v1/bookable_events/{bookable_event_id}/registrations/{registration_id}",
        _KEY,
        "",
        bookable_events.deregister,
    ),
    ("GET", "/v1/scheduling_conversations", _PERSON, "", conversations.read_conversations),
    ("POST", "/v1/scheduling_conversations", _PERSON, "", conversations.open_conversation),
    ("GET", "/v1/scheduling_conversations/{conversation_id}", _PERSON, "", conversations.read_conversation),
    ("POST", "/v1/element_tokens", _KEY, "", applications.element_token),
    ("POST", "/v1/attachments", _KEY, "", applications.attach),
    ("POST", "/v1/application_verification", _KEY, "", applications.verify_application),
    ("GET", "/v1/channels", _PERSON, "", channels.read_channels),
    ("POST", "/v1/channels", _PERSON, "", channels.open_channel),
    ("DELETE", "/v1/channels/{channel_id}", _PERSON, "", channels.close_channel),
    ("POST", "/v1/service_account_authorizations", Caller.SERVICE, "", delegation.delegate),
    ("GET", "/v1/resources", Caller.SERVICE, "", delegation.resources),
    ("GET", "/v1/accessible_calendars", _PERSON, "", delegation.accessible_calendars),
    ("POST", "/v1/delegated_authorizations", _PERSON, "", delegation.delegate_business),
)


def add_routes(app: web.Application) -> None:
    """Give an app all of the emulator's paths."""
    router = app.router
    router.add_get("/", index_page)
    router.add_get(STYLESHEET_PATH, stylesheet)
    for path in ("/oauth/authorize", authorize.ENTERPRISE_PATH):
        router.add_get(path, authorize.show)
        router.add_post(path, authorize.decide)
    router.add_post("/oauth/token", token_endpoint.exchange)
    router.add_post("/oauth/token/revoke", token_endpoint.revoke)
    router.add_get("/links/{token}", permissions.open_link)
    for method, path, caller, scope, answer_to in API:
        router.add_route(method, path, endpoint(caller, scope, answer_to))
    for method, path, control in CONTROLS:
        router.add_route(method, path, controlled(control))
