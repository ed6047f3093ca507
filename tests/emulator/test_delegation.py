import asyncio
import json

import pytest
from aiohttp import web
from pytest_aiohttp.plugin import AiohttpServer

from gateway.emulator.callbacks import signature
from tests.emulator.visitor import Json, Visitor, items, keys, part
from tests.journeys.waiting import until_told

PATH = "/v1/service_account_authorizations"


class Inbox:
    """Where callbacks arrive."""

    def __init__(self) -> None:
        self.url = ""
        self.arrived: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()

    async def receive(self, request: web.Request) -> web.Response:
        await self.arrived.put((request.headers["Cronofy-HMAC-SHA256"], await request.read()))
        return web.Response()

    async def next(self) -> Json:
        _, raw = await asyncio.wait_for(self.arrived.get(), 5)
        body: Json = json.loads(raw)
        return part(body, "authorization")


@pytest.fixture
async def inbox(aiohttp_server: AiohttpServer) -> Inbox:
    box = Inbox()
    app = web.Application()
    app.router.add_post("/callback", box.receive)
    server = await aiohttp_server(app)
    box.url = str(server.make_url("/callback?tenant=1&x=%20y"))
    return box


def asked(inbox: Inbox, **fields: object) -> dict[str, object]:
    return {"email": "ada@example.org", "callback_url": inbox.url, "scope": "free_busy_write", "state": "s"} | fields


@pytest.mark.parametrize(
    ("mode", "provider", "expected"),
    [
        ("read_write", "microsoft", "exchange"),
        ("free_busy", "google", "google_free_busy"),
        ("no_access", "google", "cronofy"),
    ],
)
async def test_a_code_arrives_and_becomes_an_ordinary_token_set(
    visitor: Visitor, inbox: Inbox, mode: str, provider: str, expected: str
) -> None:
    """The callback URL, query and all, is the redirect URI of the exchange; the administrator chose the mode."""
    await visitor.connect_organisation("free_busy_write", mode=mode, provider=provider)
    response = await visitor.call("POST", PATH, asked(inbox))
    told = await inbox.next()
    tokens = await visitor.keep(await visitor.exchange(str(told["code"]), inbox.url))

    assert (response.status, await response.read()) == (202, b"")
    assert told["state"] == "s"
    assert str(tokens["sub"]).startswith("acc_")
    assert tokens["expires_in"] == 3600
    assert part(tokens, "linking_profile")["provider_name"] == expected
    assert part(tokens, "linking_profile")["profile_name"] == "ada@example.org"
    assert await visitor.status("GET", "/v1/calendars") == 200


async def test_the_callback_is_signed_with_every_secret(visitor: Visitor, inbox: Inbox) -> None:
    await visitor.connect_organisation()
    await visitor.call("POST", PATH, asked(inbox))
    header, raw = await asyncio.wait_for(inbox.arrived.get(), 5)

    assert header == signature(raw, visitor.settings.client_secrets)
    assert header.count(",") == 1


async def test_the_code_is_bound_to_the_callback_url(visitor: Visitor, inbox: Inbox) -> None:
    await visitor.connect_organisation()
    await visitor.call("POST", PATH, asked(inbox))
    code = str((await inbox.next())["code"])

    assert (await visitor.exchange(code, inbox.url.partition("?")[0])).status == 400


async def test_a_scope_beyond_the_delegated_one_is_told_in_the_callback(visitor: Visitor, inbox: Inbox) -> None:
    await visitor.connect_organisation("free_busy_write")
    status = await visitor.status("POST", PATH, asked(inbox, scope="read_write"))
    told = await inbox.next()

    assert status == 202
    assert (told["error"], told["state"]) == ("unable_to_grant_scope", "s")
    assert "code" not in told


async def test_a_list_is_answered_one_by_one(visitor: Visitor, inbox: Inbox) -> None:
    """The Python SDK puts a common state beside the list."""
    await visitor.connect_organisation()
    entries = [asked(inbox, email=f"p{number}@example.org", state="") for number in range(3)]
    await visitor.call("POST", PATH, {"service_account_authorizations": entries, "state": "common"})
    told = [await inbox.next() for _ in entries]

    assert {one["state"] for one in told} == {"common"}
    assert len({one["code"] for one in told}) == 3


async def test_bad_requests_are_refused(visitor: Visitor, inbox: Inbox) -> None:
    await visitor.connect_organisation()
    mixed = asked(inbox) | {"service_account_authorizations": [asked(inbox)]}
    many = {"service_account_authorizations": [asked(inbox)] * 51}

    assert keys(await visitor.json("POST", PATH, {}, status=422)) == {
        "email": "errors.required",
        "callback_url": "errors.required",
        "scope": "errors.required",
    }
    assert keys(await visitor.json("POST", PATH, mixed, status=422))
    assert keys(await visitor.json("POST", PATH, many, status=422))
    assert "callback_url" in keys(await visitor.json("POST", PATH, asked(inbox, callback_url="mailto:a"), status=422))
    assert inbox.arrived.empty()


async def test_a_callback_url_has_128_characters_at_most(visitor: Visitor, inbox: Inbox) -> None:
    await visitor.connect_organisation()
    longest = inbox.url + "&" + "x" * (127 - len(inbox.url))
    assert await visitor.status("POST", PATH, asked(inbox, callback_url=longest)) == 202
    assert await inbox.next()
    told = await visitor.json("POST", PATH, asked(inbox, callback_url=longest + "x"), status=422)
    assert keys(told) == {"callback_url": "errors.too_long"}


async def test_each_try_to_deliver_can_be_seen(visitor: Visitor, inbox: Inbox) -> None:
    await visitor.connect_organisation()
    await visitor.call("POST", PATH, asked(inbox))
    await inbox.next()

    async def seen() -> list[Json]:
        async with visitor.client.get("/_emulator/callbacks") as reply:
            found: list[Json] = (await reply.json())["callbacks"]
            return found

    async def is_seen() -> bool:
        return bool(await seen())

    await until_told(is_seen)
    assert await seen() == [{"url": inbox.url, "status": 200, "tries": 1}]


async def test_revoking_the_service_account_ends_codes_that_nobody_has_used_yet(visitor: Visitor, inbox: Inbox) -> None:
    service = await visitor.connect_organisation()
    await visitor.call("POST", PATH, asked(inbox))
    code = str((await inbox.next())["code"])
    await visitor.client.post("/oauth/token/revoke", json=visitor.credentials | {"token": service["refresh_token"]})

    assert (await visitor.exchange(code, inbox.url)).status == 400


async def test_revoking_the_service_account_ends_what_it_delegated(visitor: Visitor, inbox: Inbox) -> None:
    service = await visitor.connect_organisation()
    await visitor.call("POST", PATH, asked(inbox))
    delegated = await visitor.keep(await visitor.exchange(str((await inbox.next())["code"]), inbox.url))
    body = visitor.credentials | {"token": service["refresh_token"]}
    await visitor.client.post("/oauth/token/revoke", json=body)

    assert await visitor.status("GET", "/v1/userinfo") == 401
    assert (await visitor.refresh(str(delegated["refresh_token"]))).status == 400


async def test_rooms_need_the_scope_for_resources(visitor: Visitor) -> None:
    await visitor.connect_organisation()
    rooms = items(await visitor.json("GET", "/v1/resources"), "resources")
    await visitor.connect_organisation("read_write", "service_account/accounts/manage")

    assert str(rooms[0]["email"]).endswith("@example.org")
    assert await visitor.status("GET", "/v1/resources") == 403


async def test_a_business_connect_user_delegates_too(visitor: Visitor, inbox: Inbox) -> None:
    await visitor.connect("read_only", {"delegated_scope": "free_busy"})
    reachable = items(await visitor.json("GET", "/v1/accessible_calendars"), "accessible_calendars")
    body = asked(inbox, scope="free_busy", profile_id="pro_1")
    status = await visitor.status("POST", "/v1/delegated_authorizations", body)
    told = await inbox.next()

    assert {calendar["calendar_type"] for calendar in reachable} == {"resource", "unknown"}
    assert status == 202
    assert (await visitor.exchange(str(told["code"]), inbox.url)).status == 200


async def test_a_business_connect_user_delegates_by_list_too(visitor: Visitor, inbox: Inbox) -> None:
    await visitor.connect("read_only", {"delegated_scope": "free_busy"})
    entries = [asked(inbox, scope="free_busy", profile_id="pro_1", email=f"{name}@example.org") for name in "ab"]
    path, collection = "/v1/delegated_authorizations", "delegated_authorizations"
    assert await visitor.status("POST", path, {collection: entries}) == 202
    assert len({(await inbox.next())["code"] for _ in entries}) == 2

    without = {collection: [{**entries[0], "profile_id": ""}]}
    assert keys(await visitor.json("POST", path, without, status=422)) == {"profile_id": "errors.required"}
    assert keys(await visitor.json("POST", path, {**entries[0], collection: entries}, status=422))


async def test_nobody_delegates_without_a_delegated_scope(visitor: Visitor, inbox: Inbox) -> None:
    await visitor.connect()

    assert await visitor.status("POST", "/v1/delegated_authorizations", asked(inbox)) == 403
    assert await visitor.status("GET", "/v1/accessible_calendars") == 403
    assert await visitor.status("POST", PATH, asked(inbox)) == 403
