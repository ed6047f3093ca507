"""The calendar list, new calendars, and application calendars.

Sources: https://docs.cronofy.com/developers/api/calendars/list-calendars, …/create-calendar and
https://docs.cronofy.com/developers/api/authorization/application-calendars
"""

from aiohttp import web

from gateway.emulator.accounts import Calendar, Profile, Record
from gateway.emulator.answers import answer
from gateway.emulator.bodies import text_of
from gateway.emulator.calls import Call
from gateway.emulator.grants import Grant
from gateway.emulator.identity import calendar_facts, calendars_of
from gateway.emulator.ids import stable_calendar_id
from gateway.emulator.refusals import invalid, required
from gateway.emulator.token_endpoint import linking_profile, token_set


def calendars(call: Call) -> web.Response:
    """GET /v1/calendars."""
    return answer({"calendars": [_listed(*pair) for pair in calendars_of(call.account)]})


def create_calendar(call: Call) -> web.Response:
    """POST /v1/calendars: a second one of the same name in a profile is refused."""
    name, profile_id = text_of(call.body, "name"), text_of(call.body, "profile_id")
    missing = [field for field in ("profile_id", "name") if not text_of(call.body, field)]
    if missing:
        raise invalid(required(*missing))
    profile = next((known for known in call.account.profiles if known.profile_id == profile_id), None)
    if profile is None:
        raise invalid({"profile_id": ("errors.not_recognized", "profile_id names no profile of the account")})
    if any(calendar.name == name for calendar in profile.calendars):
        raise invalid({"name": ("errors.duplicate_calendar_name", f"{name} exists already")})
    calendar = Calendar(
        calendar_id=stable_calendar_id(profile_id, name, with_at=False), name=name, has_sample_events=False
    )
    profile.calendars.append(calendar)
    return answer({"calendar": _listed(profile, calendar)})


def application_calendar(call: Call) -> web.Response:
    """POST /v1/application_calendars: a token set for a calendar that belongs to the application."""
    name = text_of(call.body, "application_calendar_id")
    if not name:
        raise invalid(required("application_calendar_id"))
    known = call.state.people.open_application_calendar(name)
    grant = Grant(account=known, profile=known.profiles[0], scope="read_write", redirect_uri="")
    answered = token_set(call.state, call.state.grants.authorize(grant))
    answered |= {"account_id": known.account_id, "sub": known.account_id, "application_calendar_id": name}
    return answer(answered | {"linking_profile": linking_profile(known.profiles[0])})


def _listed(profile: Profile, calendar: Calendar) -> Record:
    return {
        "provider_name": profile.identity.provider_name,
        "profile_id": profile.profile_id,
        "profile_name": profile.name,
    } | calendar_facts(profile, calendar)
