"""Each call of the Python SDK, as an app makes it, with what it must come to.

The functions have the names of PYTHON_CALLS and run in that order.
"""

from typing import Any, Final

import pytest
from pycronofy.batch import BatchBuilder
from pycronofy.exceptions import PyCronofyRequestError

from tests.journeys.sdks.browser import code_in
from tests.journeys.sdks.calls import PAGES, SCOPE
from tests.journeys.sdks.python_journey import Journey, at, availability_query, event
from tests.journeys.world import CALLBACK

_NOTIFY: Final = "https://app.example.com/notify"
_RULE: Final = {
    "availability_rule_id": "work_hours",
    "tzid": "Europe/Berlin",
    "weekly_periods": [{"day": "monday", "start_time": "09:00", "end_time": "17:00"}],
}
_GUEST: Final = {"email": "guest@example.com"}


def authorize(journey: Journey) -> None:
    url = journey.client.user_auth_link(redirect_uri=CALLBACK, scope=SCOPE, state="a state")
    assert url.startswith(f"{journey.world.gateway}/oauth/authorize?")
    back = journey.visit(url)
    assert "state=a+state" in back or "state=a%20state" in back
    journey.known["code"] = code_in(back)


def exchange_code(journey: Journey) -> None:
    tokens = journey.client.get_authorization_from_code(journey.known["code"])
    assert tokens["access_token"]
    assert not journey.client.is_authorization_expired()


def refresh_token(journey: Journey) -> None:
    before = journey.client.auth.access_token
    assert journey.client.refresh_authorization()["access_token"] != before


def wrong_secret(journey: Journey) -> None:
    other, renewal = journey.new_client(), journey.client.auth.refresh_token
    other.auth.update(client_secret="not-the-secret-0123456789abcdef", refresh_token=renewal)
    with pytest.raises(PyCronofyRequestError) as caught:
        other.refresh_authorization()
    assert caught.value.response.json()["error"] == "invalid_client"


def userinfo(journey: Journey) -> None:
    sub = journey.client.userinfo()["sub"]
    assert sub.startswith("acc_")
    journey.known["sub"] = sub


def account(journey: Journey) -> None:
    assert journey.client.account()["account_id"] == journey.known["sub"]


def profiles(journey: Journey) -> None:
    journey.known["profile"] = journey.client.list_profiles()[0]["profile_id"]


def calendars(journey: Journey) -> None:
    calendars = [one for one in journey.client.list_calendars() if not one["calendar_readonly"]]
    journey.known["calendar"] = calendars[0]["calendar_id"]


def create_calendar(journey: Journey) -> None:
    made = journey.client.create_calendar(journey.known["profile"], "Team")["calendar"]
    assert made["calendar_name"] == "Team"


def read_events(journey: Journey) -> None:
    pages = journey.client.read_events(from_date=at(-30), to_date=at(60))
    on_first = len(pages)
    assert pages.next_page_url.startswith(f"{journey.world.gateway}/v1/events/pages/")
    whole = pages.all()
    assert pages.current == pages.total > 1
    assert pages.next_page_url is None
    assert len({one["event_uid"] for one in whole}) == len(whole) > on_first
    own = [one for one in whole if one["calendar_id"] == journey.known["calendar"]]
    journey.known["event_uid"] = own[0]["event_uid"]


def free_busy(journey: Journey) -> None:
    pages = journey.client.read_free_busy(from_date=at(-30), to_date=at(60))
    assert pages.next_page_url.startswith(f"{journey.world.gateway}/v1/free_busy/pages/")
    blocks = list(pages)
    assert pages.current == pages.total > 1
    assert {"start", "end", "free_busy_status"} <= set(blocks[-1])


def upsert_event(journey: Journey) -> None:
    journey.client.upsert_event(journey.known["calendar"], event("meeting"))
    assert _managed(journey) == ["meeting"]


def delete_event(journey: Journey) -> None:
    journey.client.delete_event(journey.known["calendar"], "meeting")
    assert _managed(journey) == []


def request_permissions(journey: Journey) -> None:
    wanted = [{"calendar_id": journey.known["calendar"], "permission_level": "unrestricted"}]
    journey.visit(journey.client.elevated_permissions(wanted, redirect_uri=CALLBACK)["url"])
    levels = {one["calendar_id"]: one["permission_level"] for one in journey.client.list_calendars()}
    assert levels[journey.known["calendar"]] == "unrestricted"


def delete_external_event(journey: Journey) -> None:
    journey.client.delete_external_event(journey.known["calendar"], journey.known["event_uid"])
    assert journey.answers[-1].status == 202


def change_participation_status(journey: Journey) -> None:
    journey.client.change_participation_status(journey.known["calendar"], journey.known["event_uid"], "accepted")
    assert journey.answers[-1].status == 202


def batch(journey: Journey) -> None:
    calendar = journey.known["calendar"]
    builder = BatchBuilder().upsert_event(calendar, event("one")).upsert_event(calendar, event("two"))
    done = journey.client.batch(builder.delete_event(calendar, "two"))
    assert [entry.status() for entry in done.entries] == [202, 202, 202]
    assert _managed(journey) == ["one"]


def bulk_delete_events(journey: Journey) -> None:
    journey.client.delete_all_events(calendar_ids=(journey.known["calendar"],))
    assert _managed(journey) == []
    journey.client.upsert_event(journey.known["calendar"], event("three"))
    journey.client.delete_all_events()
    assert _managed(journey) == []


def availability(journey: Journey) -> None:
    found = journey.client.availability(**availability_query(journey.known["sub"]))
    assert found[0]["participants"] == [{"sub": journey.known["sub"]}]


def sequenced_availability(journey: Journey) -> None:
    found = journey.client.sequenced_availability(**_sequence(journey))
    assert [step["sequence_id"] for step in found[0]["sequence"]] == ["first", "second"]


def save_availability_rule(journey: Journey) -> None:
    assert journey.client.upsert_availability_rule(dict(_RULE)) == _RULE


def availability_rule(journey: Journey) -> None:
    assert journey.client.get_availability_rule("work_hours") == _RULE


def availability_rules(journey: Journey) -> None:
    assert journey.client.list_availability_rules() == [_RULE]


def delete_availability_rule(journey: Journey) -> None:
    journey.client.delete_availability_rule("work_hours")
    assert journey.client.list_availability_rules() == []


def create_channel(journey: Journey) -> None:
    made = journey.client.create_notification_channel(_NOTIFY, calendar_ids=(journey.known["calendar"],))
    journey.known["channel"] = made["channel_id"]


def channels(journey: Journey) -> None:
    assert [one["channel_id"] for one in journey.client.list_notification_channels()] == [journey.known["channel"]]


def close_channel(journey: Journey) -> None:
    journey.client.close_notification_channel(journey.known["channel"])
    assert journey.client.list_notification_channels() == []


def create_real_time_scheduling(journey: Journey) -> None:
    sub = journey.known["sub"]
    made = journey.client.real_time_scheduling(
        availability_query(sub),
        {"redirect_uri": CALLBACK, "scope": "create_event"},
        {"event_id": "booked", "summary": "Booked", "tzid": "Etc/UTC"},
        target_calendars=[{"sub": sub, "calendar_id": journey.known["calendar"]}],
        callback_urls={"completed_url": _NOTIFY},
    )
    journey.known["scheduling"] = made["real_time_scheduling"]


def real_time_scheduling(journey: Journey) -> None:
    link = journey.known["scheduling"]["real_time_scheduling_id"]
    found = journey.client.get_real_time_scheduling_status(real_time_scheduling_id=link)
    assert found["real_time_scheduling"]["status"] == "open"


def find_real_time_scheduling(journey: Journey) -> None:
    token = journey.known["scheduling"]["url"].rpartition("/")[2]
    found = journey.client.get_real_time_scheduling_status(token=token)
    assert found["real_time_scheduling"]["status"] == "open"


def disable_real_time_scheduling(journey: Journey) -> None:
    link = journey.known["scheduling"]["real_time_scheduling_id"]
    found = journey.client.disable_real_time_scheduling_link(link, "Closed")
    assert found["real_time_scheduling"]["status"] == "disabled"


def create_real_time_sequencing(journey: Journey) -> None:
    made = journey.client.real_time_sequencing(
        _sequence(journey),
        {"redirect_uri": CALLBACK},
        {"event_id": "steps", "summary": "Interview", "tzid": "Etc/UTC"},
        target_calendars=[{"sub": journey.known["sub"], "calendar_id": journey.known["calendar"]}],
    )
    assert made["real_time_sequencing"]["url"]


def save_smart_invite(journey: Journey) -> None:
    made = journey.client.upsert_smart_invite("invite", _GUEST, event("invite"), callback_url=_NOTIFY)
    assert made["attachments"]["icalendar"].startswith("BEGIN:VCALENDAR")


def smart_invite(journey: Journey) -> None:
    assert journey.client.get_smart_invite("invite", _GUEST["email"])["method"] == "request"


def cancel_smart_invite(journey: Journey) -> None:
    assert journey.client.cancel_smart_invite("invite", _GUEST)["method"] == "cancel"


def create_element_token(journey: Journey) -> None:
    subs, origin = [journey.known["sub"]], PAGES
    assert journey.client.get_ui_element_token(["agenda"], subs, origin)["element_token"]["origin"] == origin


def create_link_token(journey: Journey) -> None:
    # The SDK has no method for it; this is how its own methods send theirs.
    assert journey.client.request_handler.post(endpoint="link_tokens").json()["link_token"]


def authorize_conferencing(journey: Journey) -> None:
    back = journey.visit(journey.client.get_conferencing_services_auth_link(CALLBACK, "zoom"))
    assert "last_linked_profile_id=pro_" in back


def create_application_calendar(journey: Journey) -> None:
    made = journey.new_client().application_calendar("rooms")
    assert made["sub"].startswith("apc_")
    journey.known["application_token"] = made["access_token"]


def application_calendar(journey: Journey) -> None:
    calendars = journey.new_client(access_token=journey.known["application_token"]).list_calendars()
    assert len(calendars) == 1


def authorize_with_service_account(journey: Journey) -> None:
    _service(journey).authorize_with_service_account("a@example.com", SCOPE, CALLBACK, state="s")
    assert journey.answers[-1].status == 202


def authorize_several_with_service_account(journey: Journey) -> None:
    wanted = [{"email": f"{name}@example.com", "scope": SCOPE, "callback_url": CALLBACK} for name in "bc"]
    _service(journey).authorize_multiple_accounts_via_service_account(wanted)
    assert journey.answers[-1].status == 202


def resources(journey: Journey) -> None:
    assert _service(journey).resources()[0]["email"].startswith("room-")


def revoke_profile(journey: Journey) -> None:
    journey.client.revoke_profile(journey.known["profile"])
    connected = [one["profile_id"] for one in journey.client.list_profiles() if one["profile_connected"]]
    assert journey.known["profile"] not in connected


def revoke_token(journey: Journey) -> None:
    dead = journey.new_client(access_token=journey.client.auth.access_token)
    journey.client.revoke_authorization()
    with pytest.raises(PyCronofyRequestError, match="401"):
        dead.userinfo()


def _managed(journey: Journey) -> list[str]:
    return sorted(one["event_id"] for one in journey.client.read_events(only_managed=True).all())


def _sequence(journey: Journey) -> dict[str, Any]:
    query = availability_query(journey.known["sub"])
    periods = query.pop("available_periods")
    steps = [{"sequence_id": name, "ordinal": number, **query} for number, name in enumerate(("first", "second"), 1)]
    return {"sequence": steps, "available_periods": periods}


def _service(journey: Journey) -> Any:
    return journey.new_client(access_token=journey.known["service_token"])
