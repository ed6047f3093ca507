"""Who an access token belongs to: userinfo, account and profiles, and the revocation of one profile.

Sources: https://docs.cronofy.com/developers/api/identity/userinfo, …/account and …/profile
"""

from typing import Final

from aiohttp import web

from gateway.emulator.accounts import Account, Calendar, Profile, Record
from gateway.emulator.answers import accepted, answer
from gateway.emulator.bodies import is_true
from gateway.emulator.calls import Call
from gateway.emulator.ids import new_token
from gateway.emulator.refusals import RefusalError, not_found

ZONE: Final = "Europe/London"


def userinfo(call: Call) -> web.Response:
    """GET /v1/userinfo: three shapes, whose member names have a dot in them."""
    return answer(_described(call))


def asked_userinfo(call: Call) -> Record:
    """The `userinfo` that the Agenda Element asks for beside events; empty where it was not asked for."""
    return {"userinfo": _described(call)} if is_true(call.request.query.get("include_userinfo")) else {}


def _described(call: Call) -> Record:
    account = call.account
    about: Record = {"sub": account.account_id, "cronofy.type": account.kind}
    match account.kind:
        case "service_account":
            return about | {"email": account.email, "cronofy.data": _service_data(call)}
        case "application_calendar":
            name = account.application_calendar_id
            data = _account_data(call) | {"application_calendar": {"application_calendar_id": name}}
            return about | {"application_calendar_id": name, "cronofy.data": data}
        case "account":
            about |= {"email": account.email, "name": account.name, "zoneinfo": ZONE}
            return about | {"cronofy.data": _account_data(call)}


def account(call: Call) -> web.Response:
    """GET /v1/account: `sub` stands beside `account`, not in it."""
    known = call.account
    if known.kind == "application_calendar":
        raise RefusalError(403, {"error": "insufficient_scope"})
    described = {
        "account_id": known.account_id,
        "email": known.email,
        "name": known.name,
        "scope": call.holder.scope,
        "default_tzid": ZONE,
    }
    return answer({"account": described, "sub": known.account_id})


def profiles(call: Call) -> web.Response:
    """GET /v1/profiles."""
    return answer({"profiles": [_profile(call, profile) for profile in call.account.profiles]})


def revoke_profile(call: Call) -> web.Response:
    """POST /v1/profiles/{profile_id}/revoke: the others stay, and so does the authorization."""
    profile = next((p for p in call.account.profiles if p.profile_id == call.path_part("profile_id")), None)
    if profile is None:
        raise not_found()
    call.account.profiles.remove(profile)
    return accepted()


def calendars_of(account: Account) -> list[tuple[Profile, Calendar]]:
    """Every calendar with its profile."""
    return [(profile, calendar) for profile in account.profiles for calendar in profile.calendars]


def calendar_facts(profile: Profile, calendar: Calendar) -> Record:
    """What userinfo and the calendar list both tell of a calendar."""
    return {
        "calendar_id": calendar.calendar_id,
        "calendar_name": calendar.name,
        "calendar_readonly": calendar.readonly,
        "calendar_deleted": calendar.deleted,
        "calendar_primary": calendar.primary,
        "calendar_integrated_conferencing_available": profile.has_integrated_conferencing,
        "calendar_attachments_available": False,
        "permission_level": calendar.permission_level,
    }


def _profile(call: Call, profile: Profile) -> Record:
    described: Record = {
        "provider_name": profile.identity.provider_name,
        "provider_service": profile.identity.provider_service,
        "profile_id": profile.profile_id,
        "profile_name": profile.name,
        "profile_connected": profile.connected,
        "profile_initial_sync_required": False,
    }
    if not profile.connected:
        described["profile_relink_url"] = f"{call.origin}/relink/{new_token()}"
    return described


def _account_data(call: Call) -> Record:
    described = [
        _profile(call, profile)
        | {"profile_calendars": [calendar_facts(profile, calendar) for calendar in profile.calendars]}
        for profile in call.account.profiles
    ]
    return {
        "authorization": {"scope": call.holder.scope, "status": "active"},
        "profiles": described,
        "conferencing_profiles": call.account.conferencing_profiles,
    }


def _service_data(call: Call) -> Record:
    holder, known = call.holder, call.account
    provider = "google" if known.provider == "google" else "exchange"
    return {
        "authorization": {
            "scope": holder.scope,
            "status": "active",
            "delegated_scope": holder.delegated_scope,
        },
        "service_account": {"provider_name": provider, "domain": known.email.partition("@")[2]},
    }
