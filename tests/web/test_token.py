"""The token endpoints over HTTP: encodings, credentials, headers, errors."""

import asyncio
import gzip

import aiohttp
import pytest

from tests.flows.fakes import Kit, token_reply
from tests.web.conftest import Client

CODE = {"grant_type": "authorization_code", "code": "c", "redirect_uri": "https://a.test/cb"}
OWN = {"client_id": "a", "client_secret": "a-secret"}


@pytest.mark.parametrize("way", ["json", "form", "basic", "junk bearer", "bogus coding", "gzip"])
async def test_each_way_a_client_may_send_it_works(http: Client, one: Kit, way: str) -> None:
    one.cronofy.tokens.append(token_reply())
    headers: dict[str, str] = {}
    json: dict[str, str] | None = None
    data: dict[str, str] | bytes | None = None
    match way:
        case "form":
            data = {**CODE, **OWN}
        case "basic":
            headers, data = {"Authorization": aiohttp.encode_basic_auth("a", "a-secret")}, CODE
        case "gzip":
            data = gzip.compress(
                b'{"client_id":"a","client_secret":"a-secret","grant_type":"refresh_token","refresh_token":""}'
            )
            headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
        case _:
            json = {**CODE, **OWN}
            headers = {"Authorization": "Bearer None"} if way == "junk bearer" else {}
            if way == "bogus coding":
                headers = {"Content-Encoding": "gzip;q=1.0,deflate;q=0.6,identity;q=0.3"}
    async with http.post("/oauth/token", json=json, data=data, headers=headers) as answer:
        body = await answer.json()
        if way == "gzip":  # read as what it is: the refresh token is empty
            assert (answer.status, body["error"]) == (400, "invalid_request")
            return
        assert (answer.status, body["access_token"]) == (200, "access-1")
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Pragma"] == "no-cache"
        assert answer.headers["Content-Type"] == "application/json; charset=utf-8"


async def test_a_wrong_secret_is_400_in_the_body_and_401_by_basic(http: Client) -> None:
    """Cronofy answers 400; RFC 6749 section 5.2 wants 401 with a challenge where HTTP Basic was tried."""
    async with http.post("/oauth/token", json={**CODE, **OWN, "client_secret": "wrong"}) as answer:
        assert (answer.status, (await answer.json())["error"]) == (400, "invalid_client")
    async with http.post(
        "/oauth/token", data=CODE, headers={"Authorization": aiohttp.encode_basic_auth("a", "wrong")}
    ) as answer:
        assert (answer.status, (await answer.json())["error"]) == (401, "invalid_client")
        assert answer.headers["WWW-Authenticate"].startswith("Basic realm=")


@pytest.mark.parametrize(
    ("data", "content_type"),
    [
        (b"[1]", "application/json"),
        (b"{", "application/json"),
        (b'{"code":["a"]}', "application/json"),
        (b"a=1&a=2", "application/x-www-form-urlencoded"),
        (b"a=%ff", "application/x-www-form-urlencoded"),
        (b"x", "text/plain"),
        (b"", ""),
    ],
)
@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/token/revoke"])
async def test_a_body_that_cannot_be_read_is_an_oauth_error(
    http: Client, path: str, data: bytes, content_type: str
) -> None:
    async with http.post(path, data=data, headers={"Content-Type": content_type} if content_type else {}) as answer:
        assert answer.status == 400
        assert (await answer.json())["error"] in {"invalid_request", "invalid_client"}


async def test_an_oversized_body_is_refused_before_it_is_read(http: Client) -> None:
    async with http.post("/oauth/token", data=b"x" * 70_000) as answer:
        assert answer.status == 413
        assert (await answer.json())["error"] == "invalid_request"


async def test_a_revocation_answers_an_empty_200(http: Client) -> None:
    async with http.post("/oauth/token/revoke", json={**OWN, "token": "unknown"}) as answer:
        assert (answer.status, await answer.read()) == (200, b"")


async def test_an_exchange_is_finished_although_the_client_leaves(http: Client, one: Kit) -> None:
    """The code is used by then; the binding must stand when the client asks again with what it got elsewhere."""
    began, finish = asyncio.Event(), asyncio.Event()
    original = one.cronofy.token

    async def slow(application: object, fields: object) -> object:
        began.set()
        await finish.wait()
        return await original(application, fields)  # type: ignore[arg-type]

    one.cronofy.token = slow  # type: ignore[assignment,method-assign]
    one.cronofy.tokens.append(token_reply())
    leaving = asyncio.ensure_future(http.post("/oauth/token", json={**CODE, **OWN}).__aenter__())
    await began.wait()
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    finish.set()
    for _ in range(100):
        if await one.bindings.find("refresh-1"):
            return
        one.clock.pass_time(3)
        await asyncio.sleep(0.01)
    pytest.fail("the tokens were never bound")
