"""Two clients on one application: neither reaches the other's accounts and objects, by whatever operation names them.

Cronofy sees one API key for both, so it cannot keep them apart.
"""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.stub_upstream import StubUpstream, json_reply
from tests.journeys.world import ADDING, SECRETS, STRICT, World, open_world, world_settings

PAGES = "http://127.0.0.1:9"
SPAN = {"start": "2030-01-07T09:00:00Z", "end": "2030-01-07T12:00:00Z"}
EVENT = {"event_id": "e", "summary": "Talk", **SPAN}
OAUTH = {"redirect_uri": f"{PAGES}/callback"}


def asked_about(sub: str) -> dict[str, Any]:
    return {
        "participants": [{"required": "all", "members": [{"sub": sub}]}],
        "required_duration": {"minutes": 30},
        "available_periods": [SPAN],
    }


def sequence_about(sub: str) -> dict[str, Any]:
    return {"sequence": [{"sequence_id": "1", "ordinal": 1, **asked_about(sub)}], "available_periods": [SPAN]}


def naming(sub: str, own: str, calendar: str) -> dict[str, tuple[str, Any]]:
    """Return each operation that names accounts, as `name → (path, body)` about one of them."""
    scheduling, sequencing = "/v1/real_time_scheduling", "/v1/real_time_sequencing"
    target = {"sub": sub, "calendar_id": calendar}
    return {
        "availability": ("/v1/availability", asked_about(sub)),
        "sequenced availability": ("/v1/sequenced_availability", sequence_about(sub)),
        "scheduling": (scheduling, {"availability": asked_about(sub), "event": EVENT, "oauth": OAUTH}),
        "scheduling into a calendar": (
            scheduling,
            {"availability": asked_about(own), "event": EVENT, "oauth": OAUTH, "target_calendars": [target]},
        ),
        "sequencing": (sequencing, {"availability": sequence_about(sub), "oauth": OAUTH}),
        "sequencing into a calendar": (
            sequencing,
            {"availability": sequence_about(own), "oauth": OAUTH, "target_calendars": [target]},
        ),
        "element token": (
            "/v1/element_tokens",
            {"version": "1", "permissions": ["agenda"], "subs": [own, sub], "origin": PAGES},
        ),
    }


NAMING = sorted(naming("", "", ""))


def clients(folder: Path, url: str) -> dict[str, Any]:
    both: dict[str, Any] = world_settings(store=folder / "x", port=1, cronofy_url=url)["clients"]
    for one in both.values():
        one |= {"home": f"{PAGES}/", "origins": [PAGES]}
    return both


@pytest.fixture
async def shared(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path, clients=clients(tmp_path, "")) as opened:
        yield opened


@pytest.fixture
async def stub_shared(tmp_path: Path, stub: StubUpstream) -> AsyncIterator[World]:
    async with open_world(tmp_path, cronofy_url=stub.url, clients=clients(tmp_path, stub.url)) as opened:
        yield opened


async def paths_seen(world: World) -> list[str]:
    return [one["path"] for one in await world.seen_upstream() if one["path"] != "/v1/userinfo"]


async def calendar_of(world: World, token: str) -> str:
    _, body, _ = await world.call("GET", "/v1/calendars", token)
    return str(json.loads(body)["calendars"][0]["calendar_id"])


@pytest.mark.parametrize("case", NAMING)
async def test_another_clients_account_is_refused_by_name_and_ones_own_passes(shared: World, case: str) -> None:
    theirs = await shared.sign_in(client=ADDING, email="one@example.com")
    mine = await shared.sign_in(client=STRICT, email="two@example.com")
    calendars = {one["sub"]: await calendar_of(shared, one["access_token"]) for one in (theirs, mine)}
    await shared.forget_seen()
    for sub in (theirs["sub"], "acc_000000000000000000000000"):
        path, body = naming(sub, mine["sub"], calendars[theirs["sub"]])[case]
        status, raw, headers = await shared.call("POST", path, SECRETS[STRICT], json=body)
        assert (status, headers["Gateway-Error"]) == (403, "account_not_connected"), raw
        assert sub in json.loads(raw)["detail"]
        assert mine["sub"] not in json.loads(raw)["detail"]
    assert await paths_seen(shared) == []

    path, body = naming(mine["sub"], mine["sub"], calendars[mine["sub"]])[case]
    status, raw, _ = await shared.call("POST", path, SECRETS[STRICT], json=body)
    assert status == 200, raw


async def test_a_persons_token_names_its_own_account_and_no_other_clients(shared: World) -> None:
    """Ruby, Python, C# and Node ask for availability with a person's token."""
    theirs = await shared.sign_in(client=ADDING, email="one@example.com")
    mine = await shared.sign_in(client=STRICT, email="two@example.com")
    await shared.forget_seen()
    body = asked_about(theirs["sub"])
    status, _, headers = await shared.call("POST", "/v1/availability", mine["access_token"], json=body)
    assert (status, headers["Gateway-Error"]) == (403, "account_not_connected")
    assert await paths_seen(shared) == []
    status, _, _ = await shared.call("POST", "/v1/availability", mine["access_token"], json=asked_about(mine["sub"]))
    assert status == 200


async def test_an_account_of_two_clients_is_named_by_both_until_one_lets_go(shared: World) -> None:
    """Two clients with the same upstream `sub` stay apart: what one ends of its own is not the other's."""
    first = await shared.sign_in(client=ADDING, email="one@example.com")
    second = await shared.sign_in(client=STRICT, email="one@example.com")
    assert first["sub"] == second["sub"]
    body = asked_about(first["sub"])
    for client in (ADDING, STRICT):
        assert (await shared.call("POST", "/v1/availability", SECRETS[client], json=body))[0] == 200
    fields = {"client_id": STRICT, "client_secret": SECRETS[STRICT], "sub": first["sub"]}
    async with shared.session.post(f"{shared.gateway}/oauth/token/revoke", json=fields) as reply:
        assert reply.status == 200
    await shared.forget_seen()
    status, _, headers = await shared.call("POST", "/v1/availability", SECRETS[STRICT], json=body)
    assert (status, headers["Gateway-Error"]) == (403, "account_not_connected")
    assert await paths_seen(shared) == []
    assert (await shared.call("POST", "/v1/availability", SECRETS[ADDING], json=body))[2].get("Gateway-Error") is None


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("?participants[][members][][sub]=acc_victim", {}),
        ("?sub=acc_victim", {}),
        ("", {"participants": {"0": {"members": {"0": {"sub": "acc_victim"}}}}}),
        ("", {"participants": [{"members": [{"sub": ["acc_victim"]}]}]}),
    ],
)
async def test_no_spelling_gets_a_name_past_the_rule(
    stub_shared: World, stub: StubUpstream, query: str, body: dict[str, Any]
) -> None:
    status, _, headers = await stub_shared.call("POST", f"/v1/availability{query}", SECRETS[STRICT], json=body)
    assert status in {400, 403, 422}
    assert headers["Gateway-Error"] in {"parameter_shadowed", "account_not_connected", "invalid_field"}
    assert stub.calls == []


@pytest.mark.parametrize("body", [b"{}", b"[]", b""])
async def test_a_body_that_names_nobody_reaches_cronofy_as_it_is(
    stub_shared: World, stub: StubUpstream, body: bytes
) -> None:
    """The SDKs send `{}` and `[]` where there is nothing to say; Cronofy tells what is missing."""
    typed = {"Content-Type": "application/json"}
    status, _, _ = await stub_shared.call("POST", "/v1/availability", SECRETS[STRICT], data=body, headers=typed)
    assert status == 200
    assert bytes(stub.calls_to("/v1/availability")[0].body) == body


async def made_by(world: World, client: str) -> dict[str, list[tuple[str, str, Any]]]:
    """Make one of each object; return `kind → calls that use it`."""
    person = await world.sign_in(client=client, email=f"{client}@example.com")
    secret = SECRETS[client]

    async def make(path: str, body: Any) -> Any:
        status, raw, _ = await world.call("POST", path, secret, json=body)
        assert status == 200, raw
        return json.loads(raw)

    scheduling = {"availability": asked_about(person["sub"]), "event": EVENT, "oauth": OAUTH}
    link = (await make("/v1/real_time_scheduling", scheduling))["real_time_scheduling"]
    invite = {"smart_invite_id": "i", "recipient": {"email": "g@example.com"}, "event": EVENT}
    await make("/v1/smart_invites", invite)
    await make("/v1/bookable_events", {"bookable_event_id": "talk", "event": EVENT})
    file = {"file_name": "a.txt", "content_type": "text/plain", "base64_content": "YQ=="}
    attachment = (await make("/v1/attachments", {"attachment": file}))["attachment"]["attachment_id"]
    token = link["url"].rpartition("/")[2]
    link_path, talk = f"/v1/real_time_scheduling/{link['real_time_scheduling_id']}", "/v1/bookable_events/talk"
    return {
        "scheduling link": [
            ("GET", link_path, None),
            ("GET", f"/v1/real_time_scheduling?token={token}", None),
            ("POST", f"{link_path}/disable", {"display_message": "no"}),
        ],
        "smart invite": [
            ("GET", "/v1/smart_invites?smart_invite_id=i&recipient_email=g%40example.com", None),
            ("POST", "/v1/smart_invites", invite),
            ("POST", "/v1/smart_invites", {**invite, "method": "cancel"}),
            ("POST", "/v1/smart_invites", {**invite, "method": "remove"}),
        ],
        "bookable event": [
            ("GET", talk, None),
            ("POST", "/v1/bookable_events", {"bookable_event_id": "talk", "event": EVENT}),
            ("POST", f"{talk}/registrations", {"attendee": {"email": "g@example.com"}}),
            ("DELETE", f"{talk}/registrations/reg_1", {}),
        ],
        "attachment": [
            ("POST", "/v1/smart_invites", {**invite, "smart_invite_id": f"of {attachment}", **with_(attachment)}),
        ],
    }


def with_(attachment: str) -> dict[str, Any]:
    return {"event": {**EVENT, "attachments": {"create": [{"attachment_id": attachment}]}}}


async def test_what_one_client_made_is_unknown_to_the_other(shared: World) -> None:
    uses = [use for calls in (await made_by(shared, ADDING)).values() for use in calls]
    await shared.forget_seen()
    for method, path, body in uses:
        status, raw, headers = await shared.call(method, path, SECRETS[STRICT], json=body)
        assert (status, headers.get("Gateway-Error")) in {(404, "object_unknown"), (409, "object_id_taken")}, path
        assert ADDING not in raw.decode()
    assert await paths_seen(shared) == []
    for method, path, body in uses:
        _, raw, headers = await shared.call(method, path, SECRETS[ADDING], json=body)
        assert "Gateway-Error" not in headers, (path, raw)


async def test_an_object_that_never_existed_is_answered_like_another_clients(shared: World) -> None:
    await made_by(shared, ADDING)
    answers = []
    for path in ("/v1/bookable_events/talk", "/v1/bookable_events/nothing"):
        status, raw, _ = await shared.call("GET", path, SECRETS[STRICT])
        answers.append((status, {**json.loads(raw), "request_id": ""}))
    assert answers[0] == answers[1]


async def test_another_clients_attachment_is_a_404_of_its_item_alone(shared: World) -> None:
    file = {"file_name": "a.txt", "content_type": "text/plain", "base64_content": "YQ=="}
    _, raw, _ = await shared.call("POST", "/v1/attachments", SECRETS[ADDING], json={"attachment": file})
    attachment = json.loads(raw)["attachment"]["attachment_id"]
    mine = await shared.sign_in(client=STRICT, email="two@example.com")
    url = f"/v1/calendars/{await calendar_of(shared, mine['access_token'])}/events"
    items = [
        {"method": "POST", "relative_url": url, "data": data}
        for data in (with_(attachment)["event"], {**EVENT, "event_id": "f"})
    ]
    status, raw, _ = await shared.call("POST", "/v1/batch", mine["access_token"], json={"batch": items})
    assert (status, [one["status"] for one in json.loads(raw)["batch"]]) == (207, [404, 202])


async def test_ids_from_before_the_gateway_are_the_only_clients(tmp_path: Path, stub: StubUpstream) -> None:
    """Nobody else is there to be kept apart from."""
    both = clients(tmp_path, stub.url)
    stub.on("/v1/bookable_events/talk", json_reply(200, {"bookable_event": {}}))
    async with open_world(tmp_path, cronofy_url=stub.url, clients={ADDING: both[ADDING]}) as world:
        assert (await world.call("GET", "/v1/bookable_events/talk", SECRETS[ADDING]))[0] == 200
        body = asked_about("acc_before")
        assert (await world.call("POST", "/v1/availability", SECRETS[ADDING], json=body))[0] == 200


@pytest.mark.parametrize("origin", ["https://evil.example.com", "http://127.0.0.1:9/", "null", ["http://127.0.0.1:9"]])
async def test_an_element_token_is_for_the_clients_own_pages(
    stub_shared: World, stub: StubUpstream, origin: Any
) -> None:
    body = {"version": "1", "permissions": ["agenda"], "subs": [], "origin": origin}
    status, _, headers = await stub_shared.call("POST", "/v1/element_tokens", SECRETS[STRICT], json=body)
    assert (status, headers["Gateway-Error"]) == (403, "origin_refused")
    assert stub.calls == []
