"""aiohttp-session in cookie shape: the same cookie outside, and set again before the head whenever it is behind."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import DummyCookieJar, web
from aiohttp.test_utils import TestClient
from aiohttp.typedefs import Handler
from aiohttp_session import get_session, session_middleware
from structlog.testing import capture_logs

from gateway.flows.carried_connections import CarriedConnections
from gateway.flows.cookie_sessions import CookieSessions
from gateway.rules.client import Client
from gateway.rules.cookies import CookieNames
from gateway.rules.error_codes import Code
from gateway.rules.errors import GatewayError
from gateway.rules.token_reply import read_token_reply
from gateway.web.cookie_storage import CookieStorage
from gateway.web.session_storage import OPEN_SESSION, SESSION_CLIENT, SLIDE
from tests.clock import FakeClock
from tests.flows.fakes import client, kit, token_reply
from tests.web.doors import LIFETIMES, PAGES
from tests.web.test_session_storage import attributes, strict_pages

Start = Callable[..., Awaitable[TestClient[Any, Any]]]
NAME = "__Host-gateway-a"
A = client("a", browser=PAGES)


class Site:
    """An application whose sessions are client a's, and what it did to them."""

    def __init__(self, clock: FakeClock, *, secure: bool = True, whose: Client = A) -> None:
        one, names = kit(clock), CookieNames(secure=secure)
        self.connections = CarriedConnections(one.records, clock, kept=86_400)
        sessions = CookieSessions(one.records, self.connections, clock, LIFETIMES, names)
        self.storage = CookieStorage(sessions, names)
        self.whose = whose
        self.slide = True
        self.data: dict[str, Any] = {}

    def app(self) -> web.Application:
        app = web.Application(middlewares=[self._outermost, session_middleware(self.storage)])
        app.router.add_get("/show", self._show)
        app.router.add_get("/stream", self._stream)
        app.router.add_get("/refuse", self._refuse)
        app.router.add_post("/sign-in", self._sign_in)
        app.router.add_post("/change", self._change)
        app.router.add_post("/sign-out", self._sign_out)
        return app

    async def connect(self, access: str = "access-1") -> str:
        tokens = read_token_reply(token_reply(access).body)
        return (await self.connections.connect(self.whose, tokens)).id

    @web.middleware
    async def _outermost(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Do what the request log does."""
        request[SESSION_CLIENT], request[SLIDE] = self.whose, self.slide
        try:
            response = await handler(request)
        except GatewayError as error:
            response = web.Response(status=418, text=error.code)
        if not response.prepared:
            await self.storage.carry(request, response)
        return response

    async def _show(self, request: web.Request) -> web.Response:
        session = await get_session(request)
        found = request.get(OPEN_SESSION)
        return web.json_response({"new": session.new, "data": dict(session), "idle": found and found.idle_expires_in})

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        await get_session(request)
        response = web.StreamResponse()
        await self.storage.carry(request, response)
        await response.prepare(request)
        await response.write(b"streamed")
        return response

    async def _refuse(self, request: web.Request) -> web.Response:
        await get_session(request)
        raise GatewayError(Code.INTERNAL_ERROR, "no")

    async def _sign_in(self, request: web.Request) -> web.Response:
        data = {"connection": await self.connect(), "account": "acc_1", **self.data}
        await self.storage.check_fits(self.whose, data)
        (await get_session(request)).update(data)
        return web.Response()

    async def _change(self, request: web.Request) -> web.Response:
        (await get_session(request)).update(self.data)
        return web.Response()

    async def _sign_out(self, request: web.Request) -> web.Response:
        (await get_session(request)).invalidate()
        return web.Response()


@pytest.fixture
def site(clock: FakeClock) -> Site:
    return Site(clock)


@pytest.fixture
async def http(site: Site, aiohttp_client: Start) -> TestClient[Any, Any]:
    return await aiohttp_client(site.app(), cookie_jar=DummyCookieJar())


async def signed_in(http: TestClient[Any, Any]) -> str:
    """Sign in and return the Cookie header of it."""
    async with http.post("/sign-in") as answer:
        name, value, _ = attributes(answer.headers["Set-Cookie"])
    return f"{name}={value}"


async def shown(http: TestClient[Any, Any], cookie: str) -> dict[str, Any]:
    async with http.get("/show", headers={"Cookie": cookie}) as answer:
        found: dict[str, Any] = await answer.json()
        return found


@pytest.mark.parametrize(
    ("secure", "strict", "name"),
    [(True, False, "__Host-gateway-a"), (True, True, "__Host-gateway-a"), (False, False, "gateway-a")],
)
async def test_the_cookie_is_set_renewed_and_deleted_with_the_same_attributes(
    clock: FakeClock, aiohttp_client: Start, *, secure: bool, strict: bool, name: str
) -> None:
    """CVE-2025-55162: browsers keep a `__Host-` cookie whose deletion lacks Secure."""
    site = Site(clock, secure=secure, whose=client("a", browser=strict_pages() if strict else PAGES))
    http = await aiohttp_client(site.app(), cookie_jar=DummyCookieJar())
    wanted = {
        "httponly": "",
        "path": "/",
        "samesite": "Strict" if strict else "Lax",
        **({"secure": ""} if secure else {}),
    }
    async with http.post("/sign-in") as answer:
        found, value, told = attributes(answer.headers["Set-Cookie"])
    assert (found, told) == (name, {**wanted, "max-age": "86400"})

    clock.pass_time(100)
    async with http.get("/show", headers={"Cookie": f"{name}={value}"}) as answer:
        found, value, told = attributes(answer.headers["Set-Cookie"])
    assert (found, told) == (name, {**wanted, "max-age": "86300"})

    async with http.post("/sign-out", headers={"Cookie": f"{name}={value}"}) as answer:
        assert len(answer.headers.getall("Set-Cookie")) == 1
        found, value, told = attributes(answer.headers["Set-Cookie"])
    assert (found, value.strip('"')) == (name, "")
    assert told == {**wanted, "max-age": "0", "expires": "Thu, 01 Jan 1970 00:00:00 GMT"}


async def test_a_session_is_found_by_its_cookie_and_gone_after_signing_out(http: TestClient[Any, Any]) -> None:
    cookie = await signed_in(http)
    found = await shown(http, f"other=1; {cookie}")
    assert (found["new"], found["data"]["account"], found["idle"]) == (False, "acc_1", 3600)

    async with http.post("/sign-out", headers={"Cookie": cookie}):
        pass
    assert await shown(http, cookie) == {"new": True, "data": {}, "idle": None}


async def test_a_change_is_kept_in_the_next_cookie(site: Site, http: TestClient[Any, Any]) -> None:
    """Once, although the use of it was due to be written as well."""
    cookie = await signed_in(http)
    site.data = {"more": 1}
    async with http.post("/change", headers={"Cookie": cookie}) as answer:
        (line,) = answer.headers.getall("Set-Cookie")
    _, value, _ = attributes(line)

    assert (await shown(http, f"{NAME}={value}"))["data"]["more"] == 1
    assert "more" not in (await shown(http, cookie))["data"]


@pytest.mark.parametrize("path", ["/show", "/stream", "/refuse"])
async def test_newer_tokens_are_on_every_kind_of_answer(
    site: Site, http: TestClient[Any, Any], clock: FakeClock, path: str
) -> None:
    """aiohttp-session itself saves on whole answers that a handler returned, and nowhere else."""
    cookie = await signed_in(http)
    async with http.get(path, headers={"Cookie": cookie}) as answer:
        assert "Set-Cookie" not in answer.headers
    clock.pass_time(1)
    await site.connect("access-2")
    async with http.get(path, headers={"Cookie": cookie}) as answer:
        (line,) = answer.headers.getall("Set-Cookie")
    name, value, told = attributes(line)

    assert (name, told["max-age"]) == (NAME, "86399")
    found = await site.storage._sessions.open(A, value)
    assert found is not None
    assert found.connection.access_token == "access-2"


async def test_who_has_no_session_gets_no_cookie(site: Site, http: TestClient[Any, Any], clock: FakeClock) -> None:
    await site.connect()
    clock.pass_time(100)
    for cookie in ("", f"{NAME}=x", "gateway-a=x"):
        for path in ("/show", "/stream", "/refuse"):
            async with http.get(path, headers={"Cookie": cookie}) as answer:
                assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("planted", ["planted", "x" * 43, '""', "%00", "a b"])
async def test_a_planted_cookie_is_never_adopted(http: TestClient[Any, Any], planted: str) -> None:
    async with http.post("/sign-in", headers={"Cookie": f"{NAME}={planted}"}) as answer:
        (line,) = answer.headers.getall("Set-Cookie")
    assert len(attributes(line)[1]) > 400


async def test_two_cookies_of_the_name_are_refused_even_when_one_is_good(http: TestClient[Any, Any]) -> None:
    cookie = await signed_in(http)
    for doubled in (f"{cookie}; {NAME}=x", f"{NAME}=x; {cookie}", f"{cookie}; {cookie}"):
        async with http.get("/show", headers={"Cookie": doubled}) as answer:
            assert (answer.status, await answer.text()) == (418, "cookie_repeated")
            assert "Set-Cookie" not in answer.headers


async def test_the_handler_says_whether_this_is_a_use(site: Site, http: TestClient[Any, Any], clock: FakeClock) -> None:
    cookie = await signed_in(http)
    clock.pass_time(600)
    site.slide = False
    async with http.get("/show", headers={"Cookie": cookie}) as answer:
        assert ((await answer.json())["idle"], "Set-Cookie" in answer.headers) == (3000, False)
    site.slide = True
    async with http.get("/show", headers={"Cookie": cookie}) as answer:
        assert ((await answer.json())["idle"], "Set-Cookie" in answer.headers) == (3600, True)


async def test_a_session_that_does_not_fit_is_never_made(site: Site, http: TestClient[Any, Any]) -> None:
    site.data = {"more": "x" * 3_000}
    async with http.post("/sign-in") as answer:
        assert (answer.status, await answer.text()) == (418, "session_too_large")
        assert "Set-Cookie" not in answer.headers


async def test_a_change_that_does_not_fit_is_an_error_and_leaves_the_cookie(
    site: Site, http: TestClient[Any, Any]
) -> None:
    cookie = await signed_in(http)
    site.data = {"more": "x" * 3_000}
    async with http.post("/change", headers={"Cookie": cookie}) as answer:
        assert (answer.status, await answer.text()) == (418, "session_too_large")
        assert "Set-Cookie" not in answer.headers
    assert not (await shown(http, cookie))["new"]


async def test_tokens_that_do_not_fit_cost_nobody_the_answer(
    site: Site, http: TestClient[Any, Any], clock: FakeClock
) -> None:
    """The cookie that is there is better than one that the browser drops."""
    cookie = await signed_in(http)
    clock.pass_time(1)
    await site.connect("a" * 3_000)
    with capture_logs() as log:
        async with http.get("/stream", headers={"Cookie": cookie}) as answer:
            assert (answer.status, await answer.text()) == (200, "streamed")
            assert "Set-Cookie" not in answer.headers

    (told,) = log
    assert (told["event"], told["client"], told["code"]) == ("session.outgrown", "a", "session_too_large")
    assert "aaaa" not in str(log)


@pytest.mark.parametrize("at", [1_000_000_000.0, 4_000_000_000.0])
async def test_the_gateways_clock_alone_says_when_a_session_is_over(aiohttp_client: Start, at: float) -> None:
    """aiohttp-session would compare with the machine's own, and empty a session that still lives."""
    http = await aiohttp_client(Site(FakeClock(at)).app(), cookie_jar=DummyCookieJar())
    assert not (await shown(http, await signed_in(http)))["new"]
