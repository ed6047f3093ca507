"""A backend calls for a stored account: the gateway's token goes up, and nothing of it comes back."""

import json

import pytest

from tests.clock import FakeClock
from tests.journeys.door.browser import control, statuses
from tests.journeys.service.backend import SIDE, Backend, connect
from tests.journeys.world import MODE, World

TOKEN = "/oauth/token"


@pytest.mark.parametrize("mode", ["read_write", "free_busy", "no_access"])
async def test_a_call_for_an_account_is_like_a_call_by_session(world: World, backend: Backend, mode: str) -> None:
    sub = await connect(world, mode)
    await world.forget_seen()
    reply = await backend.call("GET", "/v1/calendars", sub)

    assert (reply.status, reply.headers[MODE]) == (200, mode)
    assert reply.headers["Cache-Control"] == "no-store"
    assert json.loads(reply.body)["calendars"]
    (seen,) = [one for one in await world.seen_upstream() if one["path"] == "/v1/calendars"]
    assert "gateway-account" not in [name.lower() for name in seen["header_names"]]


async def test_an_event_is_written_and_read_back(world: World, backend: Backend) -> None:
    sub = await connect(world)
    calendar = json.loads((await backend.call("GET", "/v1/calendars", sub)).body)["calendars"][0]["calendar_id"]
    event = {"event_id": "e", "summary": "Talk", "start": "2030-01-01T10:00:00Z", "end": "2030-01-01T11:00:00Z"}
    assert (await backend.call("POST", f"/v1/calendars/{calendar}/events", sub, json=event)).status == 202
    page = await backend.call("GET", "/v1/events?from=2030-01-01&to=2030-01-02&tzid=Etc/UTC&only_managed=true", sub)
    assert [one["event_id"] for one in json.loads(page.body)["events"]] == ["e"]


async def test_what_a_mode_forbids_is_refused_here_too(world: World, backend: Backend) -> None:
    sub = await connect(world, "free_busy")
    calendar = json.loads((await backend.call("GET", "/v1/calendars", sub)).body)["calendars"][0]["calendar_id"]
    event = {"event_id": "e", "conferencing": {"profile_id": "integrated"}}
    reply = await backend.call("POST", f"/v1/calendars/{calendar}/events", sub, json=event)

    assert (reply.status, reply.code) == (422, "integrated_conferencing_refused")


@pytest.mark.parametrize("rotate", [True, False])
@pytest.mark.parametrize("how", ["cronofy", "clock"])
async def test_a_hundred_calls_on_a_stale_token_are_one_refresh(
    world: World, backend: Backend, clock: FakeClock, how: str, *, rotate: bool
) -> None:
    await control(world, "tokens/rotate", on=rotate)
    sub = await connect(world)
    for _ in range(2):
        clock.pass_time(3_600 if how == "clock" else 120)
        if how == "cronofy":
            await control(world, "tokens/expire")
        await world.forget_seen()
        assert {one.status for one in await backend.many(100, "/v1/calendars", sub)} == {200}
        assert await statuses(world, TOKEN) == [200]


async def test_a_service_account_has_its_connection_as_well(world: World, backend: Backend) -> None:
    sub = await connect(world, connect="enterprise")
    assert sub.startswith("ser_")
    reply = await backend.call("GET", "/v1/userinfo", sub)
    assert (reply.status, json.loads(reply.body)["sub"]) == (200, sub)
    assert reply.headers[MODE] == "not_applicable"
    entry = {"email": "someone@example.com", "callback_url": "https://app.example.com/back", "scope": "free_busy_write"}
    assert (await backend.call("POST", "/v1/service_account_authorizations", sub, json=entry)).status == 202


async def test_two_clients_with_one_sub_stay_apart(world: World, backend: Backend) -> None:
    sub, side = await connect(world, email="one@example.com"), Backend(world, SIDE)
    unknown, never = [await side.call("GET", "/v1/calendars", one) for one in (sub, "acc_000000000000000000000000")]
    told = [json.loads(one.body) for one in (unknown, never)]
    assert [one.pop("request_id") for one in told]
    assert (unknown.status, unknown.code, told[0]) == (404, "connection_unknown", told[1])

    assert await connect(world, client=SIDE, email="one@example.com") == sub
    assert (await side.call("GET", "/v1/calendars", sub)).status == 200
    assert (await side.call("DELETE", f"/auth/connections/{sub}")).status == 204
    assert (await side.call("GET", "/v1/calendars", sub)).code == "connection_unknown"
    assert [one["sub"] for one in await backend.connections()] == [sub]


CODES = {400: "account_required", 404: "object_unknown"}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/calendars", 400),
        ("GET", "/v1/userinfo", 400),
        ("GET", "/v1/resources", 400),
        ("DELETE", "/v1/events", 400),
        ("GET", "/v1/smart_invites?smart_invite_id=x&recipient_email=a@example.com", 404),
        ("GET", "/v1/bookable_events/none", 404),
        ("POST", "/v1/availability", 422),
    ],
)
async def test_a_secret_alone_is_the_api_key_or_is_told_what_lacks(
    world: World, backend: Backend, method: str, path: str, status: int
) -> None:
    await world.forget_seen()
    reply = await backend.call(method, path, json={} if method == "POST" else None)
    assert (reply.status, reply.code) == (status, CODES.get(status, ""))
    assert bool(await world.seen_upstream()) == (status not in CODES)


@pytest.mark.parametrize(
    ("headers", "path", "code"),
    [
        ([("Gateway-Account", "{sub}"), ("Gateway-Account", "{sub}")], "/v1/calendars", "account_header_refused"),
        ([("Gateway-Account", "{sub},acc_2")], "/v1/calendars", "account_header_refused"),
        ([("Gateway-Account", "")], "/v1/calendars", "account_header_refused"),
        ([("Gateway-Account", "{sub}")], "/v1/smart_invites", "account_header_refused"),
        ([("Gateway_Account", "{sub}")], "/v1/calendars", "account_required"),
    ],
)
async def test_a_header_that_two_could_read_differently_is_refused(
    world: World, backend: Backend, headers: list[tuple[str, str]], path: str, code: str
) -> None:
    sub = await connect(world)
    lines = [(name, value.replace("{sub}", sub)) for name, value in headers]
    reply = await backend.call("GET", path, headers=lines)
    assert (reply.status, reply.code) == (400, code)


async def test_the_header_without_a_secret_is_refused_as_ever(world: World) -> None:
    sub = await connect(world)
    status, _, headers = await world.call("GET", "/v1/calendars", headers={"Gateway-Account": sub})
    assert (status, headers["Gateway-Error"]) == (400, "account_header_refused")


async def test_a_person_who_took_it_back_is_told_as_such(world: World, backend: Backend, clock: FakeClock) -> None:
    """401 with another code than for an account that never was: the app asks the person to connect again."""
    sub = await connect(world)
    await control(world, "reset")
    clock.pass_time(4_000)
    replies = [await backend.call("GET", "/v1/calendars", sub) for _ in range(2)]
    assert [(one.status, one.code) for one in replies] == [(401, "reconnect_required")] * 2
    (told,) = await backend.connections("?state=reconnect_required")
    assert (told["sub"], told["lost_by"]) == (sub, "refused")
