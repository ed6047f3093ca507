"""Delegated access: a service account, or a Business Connect user, lets others in without their consent.

The answer is 202; a code arrives at `callback_url`, and is redeemed with that URL as its redirect URI.
Sources: https://docs.cronofy.com/developers/api/enterprise-connect/delegated-access and
https://docs.cronofy.com/developers/api-alpha/business-connect/delegated-authorization
"""

from typing import Final

from aiohttp import web

from gateway.emulator import scopes
from gateway.emulator.accounts import Record
from gateway.emulator.answers import accepted, answer
from gateway.emulator.bodies import Body, objects_of, text_of, texts_of
from gateway.emulator.callbacks import CALLBACKS
from gateway.emulator.calls import Call
from gateway.emulator.grants import Grant
from gateway.emulator.refusals import insufficient_scope, invalid, required

MOST_ENTRIES: Final = 50
LONGEST_CALLBACK_URL: Final = 128


def delegate(call: Call) -> web.Response:
    """POST /v1/service_account_authorizations: one person, or up to 50 in a list."""
    call.need("service_account/accounts/manage")
    return _authorize_all(call, _entries(call, "service_account_authorizations"))


def delegate_business(call: Call) -> web.Response:
    """POST /v1/delegated_authorizations: the same, by somebody with a delegated scope.

    Cronofy documents the single form only; the list is taken like the other path's.
    """
    if not call.holder.delegated_scope:
        raise insufficient_scope("delegated_scope")
    entries = _entries(call, "delegated_authorizations")
    if not all(text_of(entry, "profile_id") for entry in entries):
        raise invalid(required("profile_id"))
    return _authorize_all(call, entries)


def resources(call: Call) -> web.Response:
    """GET /v1/resources: rooms of the organisation."""
    call.need("service_account/resources/manage")
    domain = call.account.email.partition("@")[2]
    rooms = [{"email": f"room-{number}@{domain}", "name": f"Room {number}"} for number in (1, 2, 3)]
    return answer({"resources": rooms})


def accessible_calendars(call: Call) -> web.Response:
    """GET /v1/accessible_calendars: whose calendars a Business Connect user can reach."""
    if not call.holder.delegated_scope:
        raise insufficient_scope("delegated_scope")
    domain = call.account.email.partition("@")[2]
    reachable = [
        {"calendar_type": "resource", "email": f"room-1@{domain}", "name": "Room 1"},
        {"calendar_type": "unknown", "email": f"colleague@{domain}", "name": "Colleague"},
    ]
    return answer({"accessible_calendars": reachable})


def _entries(call: Call, collection: str) -> list[Body]:
    entries = objects_of(call.body, collection)
    if entries and text_of(call.body, "email"):
        raise invalid({collection: ("errors.invalid", "a single one and a list do not mix")})
    if len(entries) > MOST_ENTRIES:
        raise invalid({collection: ("errors.too_many", f"at most {MOST_ENTRIES} entries")})
    return entries or [call.body]


def _authorize_all(call: Call, entries: list[Body]) -> web.Response:
    for entry in entries:
        missing = [name for name in ("email", "callback_url", "scope") if not entry.get(name)]
        if missing:
            raise invalid(required(*missing))
        if not text_of(entry, "callback_url").startswith(("http://", "https://")):
            raise invalid({"callback_url": ("errors.invalid", "callback_url must be an http or https URL")})
        if len(text_of(entry, "callback_url")) > LONGEST_CALLBACK_URL:
            raise invalid({"callback_url": ("errors.too_long", f"at most {LONGEST_CALLBACK_URL} characters")})
    for entry in entries:
        outcome = _authorize(call, entry)
        state = text_of(entry, "state") or text_of(call.body, "state")
        outcome |= {"state": state} if state else {}
        call.request.app[CALLBACKS].send(text_of(entry, "callback_url"), {"authorization": outcome})
    return accepted()


def _authorize(call: Call, entry: Body) -> Record:
    scope = " ".join(texts_of(entry, "scope"))
    if not scopes.are_known(scope) or not scopes.cover(call.holder.delegated_scope, scope):
        return {
            "error": "unable_to_grant_scope",
            "error_key": "errors.unable_to_grant_scope",
            "error_description": "The scope goes beyond the delegated scope.",
        }
    account, profile = call.state.people.connect(
        email=text_of(entry, "email").strip().lower(),
        provider=call.account.provider,
        mode=call.account.mode,
        link_to=None,
        may_link=False,
    )
    grant = Grant(
        account=account,
        profile=profile,
        scope=scope,
        redirect_uri=text_of(entry, "callback_url"),
        granted_by=call.account.account_id,
    )
    return {"code": call.state.grants.new_code(grant)}
