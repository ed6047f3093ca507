"""Ways around what keeps the clients of one application apart; each was tried as an attacker would."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from yarl import URL

from tests.journeys.stub_upstream import StubUpstream, json_reply
from tests.journeys.test_isolation import EVENT, clients, paths_seen
from tests.journeys.world import ADDING, SECRETS, STRICT, World, open_world

MEMBERS = {"participants": [{"members": [{"sub": "acc_victim"}]}]}
PARTICIPANTS = {"participants": [{"participant_id": "@them", "sub": "acc_victim"}]}
DELEGATED = {"email": "x@example.com", "callback_url": "https://evil.example.com/cb", "scope": "read_events"}


@pytest.fixture
async def shared(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path, clients=clients(tmp_path, "")) as opened:
        yield opened


async def calendar(world: World, client: str, name: str) -> tuple[int, dict[str, Any], str]:
    """Ask for an application calendar; return status, body and the gateway's code."""
    body = {"client_id": client, "client_secret": SECRETS[client], "application_calendar_id": name}
    status, raw, headers = await world.call("POST", "/v1/application_calendars", json=body)
    return status, json.loads(raw), headers.get("Gateway-Error", "")


async def test_another_clients_application_calendar_gives_no_token(shared: World) -> None:
    """Cronofy knows it by an id that the app chose, and answers the same id with a token for the same calendar."""
    status, theirs, _ = await calendar(shared, ADDING, "rooms")
    assert (status, theirs["sub"][:4]) == (200, "apc_")
    await shared.forget_seen()
    status, told, code = await calendar(shared, STRICT, "rooms")
    assert (status, code) == (409, "object_id_taken"), told
    assert await paths_seen(shared) == []
    status, again, _ = await calendar(shared, ADDING, "rooms")
    assert (status, again["sub"]) == (200, theirs["sub"])
    assert (await calendar(shared, STRICT, "desks"))[0] == 200


async def test_an_application_calendar_is_named_in_the_body_alone(shared: World) -> None:
    body = {"client_id": STRICT, "client_secret": SECRETS[STRICT], "application_calendar_id": "mine"}
    path = "/v1/application_calendars?application_calendar_id=rooms"
    status, _, headers = await shared.call("POST", path, json=body)
    assert (status, headers["Gateway-Error"]) == (400, "parameter_shadowed")


async def test_a_conversation_is_opened_about_ones_own_people_only(shared: World) -> None:
    theirs = await shared.sign_in(client=ADDING, email="one@example.com")
    mine = await shared.sign_in(client=STRICT, email="two@example.com")
    await shared.forget_seen()
    for sub, expected in ((theirs["sub"], 403), (mine["sub"], 200)):
        body = {"participants": [{"participant_id": "@them", "sub": sub}]}
        status, raw, _ = await shared.call("POST", "/v1/scheduling_conversations", mine["access_token"], json=body)
        assert status == expected, raw
    assert len(await paths_seen(shared)) == 1


@pytest.mark.parametrize(
    ("url", "data"),
    [
        ("/v1/avail%61bility", MEMBERS),
        ("/v1//availability", MEMBERS),
        ("/v1/./availability", MEMBERS),
        ("/v1/x/../availability", MEMBERS),
        ("/V1/availability", MEMBERS),
        ("v1/availability", MEMBERS),
        ("//api.cronofy.com/v1/availability", MEMBERS),
        ("https://api.cronofy.com/v1/availability", MEMBERS),
        ("/v1/availability#", MEMBERS),
        ("/v1/availability.json", MEMBERS),
        ("/v1/scheduling_conversations", PARTICIPANTS),
        ("/v1/batch", {"batch": [{"method": "POST", "relative_url": "/v1/availability", "data": MEMBERS}]}),
        ("/v1/delegated_authorizations", DELEGATED),
        ("/v1/service_account_authorizations", {"service_account_authorizations": [DELEGATED]}),
        ("/v1/application_calendars", {"application_calendar_id": "rooms"}),
        ("/v1/add_to_calendar", {}),
        ("/v1/smart_invites", {"smart_invite_id": "i", "method": "cancel"}),
        ("/v1/real_time_scheduling/sch_1/disable", {}),
    ],
)
async def test_no_item_of_a_batch_gets_past_what_is_judged_in_a_call_of_its_own(
    tmp_path: Path, stub: StubUpstream, url: str, data: dict[str, Any]
) -> None:
    """A client without any list of its own either: whose something is, is not a matter of rights."""
    async with open_world(tmp_path, cronofy_url=stub.url, clients=clients(tmp_path, stub.url)) as world:
        stub.on("/oauth/token", json_reply(200, stub_tokens()))
        item = {"method": "POST", "relative_url": url, "data": data}
        status, body, _ = await world.token(
            STRICT, grant_type="authorization_code", code="c", redirect_uri="http://127.0.0.1:9/callback"
        )
        assert status == 200, body
        status, raw, _ = await world.call("POST", "/v1/batch", body["access_token"], json={"batch": [item]})
        assert (status, [one["status"] for one in json.loads(raw)["batch"]]) == (207, [403])
        assert stub.calls_to("/v1/batch") == []


def stub_tokens() -> dict[str, Any]:
    return {
        "token_type": "bearer",
        "access_token": "stub-access-token",
        "refresh_token": "stub-refresh-token",
        "expires_in": 3600,
        "scope": "read_events create_event free_busy_write",
        "account_id": "acc_stub",
        "sub": "acc_stub",
        "linking_profile": {
            "provider_name": "google",
            "provider_service": "gmail",
            "profile_id": "pro_1",
            "profile_name": "stub@example.com",
        },
    }


def deep(sub: Any) -> list[Any]:
    """Return bodies that name an account where it might be overlooked."""
    member = {"sub": sub}
    return [
        {"participants": [{"members": [member]}]},
        {"participants": {"0": {"members": {"0": member}}}},
        {"sequence": [{"participants": [{"members": [{**member, "managed_availability": True}]}]}]},
        {"availability": {"sequence": [{"participants": [{"members": [member]}]}]}},
        {"target_calendars": [member]},
        {"query_slots": [{"members": [member]}]},
        {"availability_rules": [{"owner": member}]},
        {"subs": sub},
        {"subs": [sub, None]},
        {"a": [[[[{"b": {"c": member}}]]]]},
        [member],
    ]


NAMING_PATHS = (
    "/v1/availability",
    "/v1/sequenced_availability",
    "/v1/real_time_scheduling",
    "/v1/real_time_sequencing",
    "/v1/smart_invites",
    "/v1/bookable_events",
    "/v1/bookable_events/talk/registrations",
    "/v1/scheduling_requests",
    "/v1/element_tokens",
)


@pytest.mark.parametrize("path", NAMING_PATHS)
async def test_a_name_is_judged_wherever_it_stands_and_however_it_is_spelled(
    tmp_path: Path, stub: StubUpstream, path: str
) -> None:
    async with open_world(tmp_path, cronofy_url=stub.url, clients=clients(tmp_path, stub.url)) as world:
        own = {"bookable_event_id": "talk", "event": EVENT}
        assert (await world.call("POST", "/v1/bookable_events", SECRETS[STRICT], json=own))[0] == 200
        stub.calls.clear()
        names: list[Any] = [
            "acc_victim",
            "ACC_VICTIM",
            " acc_victim",
            "acc_victim\n",
            "acc_v\u200bictim",
            "\uff41cc_victim",
        ]
        odd: list[Any] = [7, True, 1.5, {"sub": "acc_victim"}, [["acc_victim"]]]
        bodies = [json.dumps(body) for name in (*names, *odd) for body in deep(name)]
        bodies += [
            '{"participants":[{"members":[{"s\\u0075b":"acc_victim"}]}]}',
            '{"participants":[{"members":[{"sub":null,"sub":"acc_victim"}]}]}',
            '{"participants":[{"members":[{"sub":null,"s\\u0075b":"acc_victim"}]}]}',
            '{"participants":[],"participants":[{"members":[{"sub":"acc_victim"}]}]}',
            '{/**/"subs":["acc_victim"]}',
            '{"subs":["acc_victim"]}{}',
            '\ufeff{"subs":["acc_victim"]}',
            "sub=acc_victim",
        ]
        typed = {"Content-Type": "application/json"}
        for body in bodies:
            status, raw, headers = await world.call("POST", path, SECRETS[STRICT], data=body.encode(), headers=typed)
            assert 400 <= status < 500, (body, raw)
            assert "Gateway-Error" in headers, body
        for media in ("text/json", "application/vnd.api+json", "multipart/form-data; boundary=x", "text/plain", ""):
            raw = json.dumps(deep("acc_victim")[0]).encode()
            typed = {"Content-Type": media}
            status, _, _ = await world.call("POST", path, SECRETS[STRICT], data=raw, headers=typed)
            assert status == 415, media
        assert stub.calls == []


@pytest.mark.parametrize(
    "path",
    [
        "/v1/bookable_events/t%61lk",
        "/v1/bookable_events/talk/",
        "/v1/bookable_events/TALK",
        "/v1/bookable_events/talk%20",
        "/v1/bookable_events/%74%61%6C%6B",
        "/v1/bookable_events/t%D0%B0lk",
        "/v1/bookable_events/" + "a" * 5_000,
        "/v1/bookable_events/talk%00",
        "/v1/bookable_events/x/../talk",
        "/v1/bookable_events/%2e%2e/bookable_events/talk",
        "/v1/bookable_events/talk;x",
        "/v1/bookable_events/talk.json",
        "/v1/smart_invites?smart_invite_id=i",
        "/v1/smart_invites?smart_invite_id=mine&smart_invite_id=i",
        "/v1/smart_invites?smart%5Finvite%5Fid=i",
        "/v1/smart_invites?smart_invite_id[]=i",
        "/v1/smart_invites?x=1;smart_invite_id=i",
    ],
)
async def test_no_spelling_reaches_another_clients_object(shared: World, path: str) -> None:
    body: dict[str, Any] = {"bookable_event_id": "talk", "event": EVENT}
    assert (await shared.call("POST", "/v1/bookable_events", SECRETS[ADDING], json=body))[0] == 200
    body = {"smart_invite_id": "i", "recipient": {"email": "g@example.com"}, "event": EVENT}
    assert (await shared.call("POST", "/v1/smart_invites", SECRETS[ADDING], json=body))[0] == 200
    await shared.forget_seen()
    for method in ("GET", "HEAD"):
        async with shared.session.request(
            method,
            URL(shared.gateway + path, encoded=True),
            headers={"Authorization": f"Bearer {SECRETS[STRICT]}"},
        ) as reply:
            assert reply.status in {400, 404}
            assert "Gateway-Error" in reply.headers
    assert await paths_seen(shared) == []


@pytest.mark.parametrize(
    "query",
    [
        "organizer[sub]=acc_victim",
        "hosts[][sub]=acc_victim",
        "scheduling_request%5Bhosts%5D%5B0%5D%5Bsub%5D=acc_victim",
        "a=b;hosts[][sub]=acc_victim",
        "a[subs][]=acc_victim",
        "%73ub=acc_victim",
        "a[%20sub]=acc_victim",
    ],
)
async def test_a_query_names_nobody_at_any_depth(tmp_path: Path, stub: StubUpstream, query: str) -> None:
    """Rack makes one set of parameters of query and body, and nests what stands in brackets."""
    async with open_world(tmp_path, cronofy_url=stub.url, clients=clients(tmp_path, stub.url)) as world:
        headers = {"Authorization": f"Bearer {SECRETS[STRICT]}"}
        for path in NAMING_PATHS:
            url = URL(f"{world.gateway}{path}?{query}", encoded=True)
            async with world.session.post(url, json={"event": EVENT}, headers=headers) as reply:
                assert (reply.status, reply.headers["Gateway-Error"]) == (400, "parameter_shadowed"), path
        assert stub.calls == []
