"""aiohttp-session over our sessions: the cookie's attributes, its deletion, and what is never guessed."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import DummyCookieJar, web
from aiohttp.test_utils import TestClient
from aiohttp.typedefs import Handler
from aiohttp_session import get_session, session_middleware

from gateway.flows.sessions import Sessions
from gateway.rules.client import Client
from gateway.rules.cookies import CookieNames
from gateway.rules.errors import GatewayError
from gateway.web.session_storage import OPEN_SESSION, SESSION_CLIENT, SLIDE, RecordStorage
from tests.clock import FakeClock
from tests.flows.fakes import Kit, StoreAway, client, kit
from tests.web.doors import LIFETIMES, PAGES

DATA = {"connection": "c", "account": "acc_1"}
Start = Callable[..., Awaitable[TestClient[Any, Any]]]


async def _show(request: web.Request) -> web.Response:
    session = await get_session(request)
    found = request.get(OPEN_SESSION)
    return web.json_response({"new": session.new, "data": dict(session), "idle": found and found.idle_expires_in})


async def _sign_in(request: web.Request) -> web.Response:
    (await get_session(request)).update(DATA)
    return web.Response()


async def _change(request: web.Request) -> web.Response:
    (await get_session(request))["more"] = 1
    return web.Response()


async def _sign_out(request: web.Request) -> web.Response:
    session = await get_session(request)
    session.invalidate()
    return web.Response()


@web.middleware
async def _tell(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except GatewayError as error:
        return web.Response(status=418, text=error.code)


async def start(
    one: Kit, aiohttp_client: Start, *, secure: bool = True, whose: Client | None = None, slide: bool = True
) -> TestClient[Any, Any]:
    """Start an application whose sessions are one client's."""

    @web.middleware
    async def match(request: web.Request, handler: Handler) -> web.StreamResponse:
        request[SESSION_CLIENT] = whose or client("a", browser=PAGES)
        request[SLIDE] = slide
        return await handler(request)

    storage = RecordStorage(Sessions(one.records, one.clock, LIFETIMES), CookieNames(secure=secure))
    app = web.Application(middlewares=[_tell, match, session_middleware(storage)])
    app.router.add_get("/show", _show)
    app.router.add_post("/sign-in", _sign_in)
    app.router.add_post("/change", _change)
    app.router.add_post("/sign-out", _sign_out)
    return await aiohttp_client(app, cookie_jar=DummyCookieJar())


def attributes(line: str) -> tuple[str, str, dict[str, str]]:
    """Return a Set-Cookie's name, value and attributes."""
    first, *rest = line.split("; ")
    name, _, value = first.partition("=")
    return name, value, {key.lower(): text for key, _, text in (one.partition("=") for one in rest)}


async def signed_in(http: TestClient[Any, Any]) -> str:
    """Sign in and return the Cookie header of it."""
    async with http.post("/sign-in") as answer:
        name, value, _ = attributes(answer.headers["Set-Cookie"])
    return f"{name}={value}"


@pytest.mark.parametrize(
    ("secure", "strict", "name"),
    [(True, False, "__Host-gateway-a"), (True, True, "__Host-gateway-a"), (False, False, "gateway-a")],
)
async def test_the_cookie_is_set_and_deleted_with_the_same_attributes(
    clock: FakeClock, aiohttp_client: Start, *, secure: bool, strict: bool, name: str
) -> None:
    """CVE-2025-55162: browsers keep a `__Host-` cookie whose deletion lacks Secure."""
    whose = client("a", browser=PAGES if not strict else strict_pages())
    http = await start(kit(clock), aiohttp_client, secure=secure, whose=whose)
    wanted = {
        "httponly": "",
        "path": "/",
        "samesite": "Strict" if strict else "Lax",
        **({"secure": ""} if secure else {}),
    }
    async with http.post("/sign-in") as answer:
        found, handle, told = attributes(answer.headers["Set-Cookie"])
    assert (found, told) == (name, {**wanted, "max-age": "86400"})
    assert len(handle) == 43

    async with http.post("/sign-out", headers={"Cookie": f"{name}={handle}"}) as answer:
        found, value, told = attributes(answer.headers["Set-Cookie"])
    assert (found, value.strip('"')) == (name, "")
    assert told == {**wanted, "max-age": "0", "expires": "Thu, 01 Jan 1970 00:00:00 GMT"}


def strict_pages() -> Any:
    return type(PAGES)(PAGES.origins, PAGES.home, PAGES.scope, PAGES.service_scope, PAGES.delegated_scope, strict=True)


async def test_a_session_is_found_by_its_cookie_and_gone_after_signing_out(
    clock: FakeClock, aiohttp_client: Start
) -> None:
    one = kit(clock)
    http = await start(one, aiohttp_client)
    cookie = await signed_in(http)
    async with http.get("/show", headers={"Cookie": f"other=1; {cookie}"}) as answer:
        assert await answer.json() == {"new": False, "data": DATA, "idle": 3600}
        assert "Set-Cookie" not in answer.headers

    async with http.post("/sign-out", headers={"Cookie": cookie}):
        pass
    assert one.store._records == {}
    async with http.get("/show", headers={"Cookie": cookie}) as answer:
        assert await answer.json() == {"new": True, "data": {}, "idle": None}


async def test_a_change_is_kept_under_the_same_handle(clock: FakeClock, aiohttp_client: Start) -> None:
    http = await start(kit(clock), aiohttp_client)
    cookie = await signed_in(http)
    async with http.post("/change", headers={"Cookie": cookie}) as answer:
        assert "Set-Cookie" not in answer.headers
    async with http.get("/show", headers={"Cookie": cookie}) as answer:
        assert (await answer.json())["data"] == {**DATA, "more": 1}


@pytest.mark.parametrize("planted", ["planted", "x" * 43, '""', "%00", "a b"])
async def test_a_planted_handle_is_never_adopted(clock: FakeClock, aiohttp_client: Start, planted: str) -> None:
    """CVE-2018-1000519: aiohttp-session itself once made the session under the handle that came."""
    http = await start(kit(clock), aiohttp_client)
    async with http.post("/sign-in", headers={"Cookie": f"__Host-gateway-a={planted}"}) as answer:
        _, handle, _ = attributes(answer.headers["Set-Cookie"])
    assert handle != planted
    assert len(handle) == 43


async def test_two_cookies_of_the_name_are_refused_even_when_one_is_good(
    clock: FakeClock, aiohttp_client: Start
) -> None:
    """`request.cookies` would quietly take the last."""
    http = await start(kit(clock), aiohttp_client)
    cookie = await signed_in(http)
    for doubled in (f"{cookie}; __Host-gateway-a=x", f"__Host-gateway-a=x; {cookie}", f"{cookie}; {cookie}"):
        async with http.get("/show", headers={"Cookie": doubled}) as answer:
            assert (answer.status, await answer.text()) == (418, "cookie_repeated")
            assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("path", ["/show", "/change", "/sign-out"])
async def test_a_store_that_is_away_leaves_the_cookie_alone(clock: FakeClock, aiohttp_client: Start, path: str) -> None:
    """Nobody is signed out because a disk was full."""
    one = kit(clock)
    http = await start(one, aiohttp_client)
    cookie = await signed_in(http)
    clock.pass_time(3)
    away = one.records.store = StoreAway(one.store)
    method = "GET" if path == "/show" else "POST"
    async with http.request(method, path, headers={"Cookie": cookie}) as answer:
        assert (answer.status, await answer.text()) == (418, "store_unavailable")
        assert "Set-Cookie" not in answer.headers

    away.is_away = False
    async with http.get("/show", headers={"Cookie": cookie}) as answer:
        assert not (await answer.json())["new"]


async def test_a_new_session_that_could_not_be_written_has_no_cookie(clock: FakeClock, aiohttp_client: Start) -> None:
    one = kit(clock)
    http = await start(one, aiohttp_client)
    one.records.store = StoreAway(one.store)
    async with http.post("/sign-in") as answer:
        assert (answer.status, "Set-Cookie" in answer.headers) == (418, False)


@pytest.mark.parametrize(("slide", "idle"), [(True, 3600), (False, 3000)])
async def test_the_handler_says_whether_this_is_a_use(
    clock: FakeClock, aiohttp_client: Start, *, slide: bool, idle: float
) -> None:
    http = await start(kit(clock), aiohttp_client, slide=slide)
    cookie = await signed_in(http)
    clock.pass_time(600)
    async with http.get("/show", headers={"Cookie": cookie}) as answer:
        assert (await answer.json())["idle"] == idle


@pytest.mark.parametrize("at", [1_000_000_000.0, 4_000_000_000.0])
async def test_the_gateways_clock_alone_says_when_a_session_is_over(aiohttp_client: Start, at: float) -> None:
    """aiohttp-session would compare with the machine's own, and empty a session that still lives."""
    http = await start(kit(FakeClock(at)), aiohttp_client)
    cookie = await signed_in(http)
    async with http.get("/show", headers={"Cookie": cookie}) as answer:
        assert await answer.json() == {"new": False, "data": DATA, "idle": 3600}
