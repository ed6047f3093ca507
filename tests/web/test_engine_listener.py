"""The engine listener: who may ask, what is asked about, and that the answer is the public listener's own."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

import pytest
from aiohttp import DummyCookieJar
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import BaseRunner
from structlog.testing import capture_logs

from gateway.flows.sessions import Sessions
from gateway.rules.errors import StoreUnavailable
from gateway.rules.handles import write_handle
from gateway.web.engine_listener import make_engine_app
from gateway.web.keys import PublicDoors
from gateway.web.public import make_public_app
from gateway.web.quiet_server import QuietRunner
from tests.clock import FakeClock
from tests.flows.fake_upstream import FakeUpstream
from tests.flows.fakes import Kit, userinfo_reply
from tests.web.browsing import PAGE, SESSION, Browser
from tests.web.doors import LIFETIMES, doors

NOBODYS = write_handle("access", "a" * 43)
KEY = "engine-key-0123456789abcdefghijklmnop"
Client = TestClient[Any, Any]


class _Quiet(TestServer):
    async def _make_runner(self, **_kwargs: Any) -> BaseRunner:
        return QuietRunner(self.app, shutdown_timeout=1.0)


class Answer(NamedTuple):
    """An answer, read."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class World:
    """A public listener and an engine listener over the same stories, and a browser that is signed in."""

    def __init__(self, known: PublicDoors, public: Client, engine: Client, browser: Browser) -> None:
        self.doors = known
        self.public = public
        self.engine = engine
        self.browser = browser
        self.followed: list[str] = []
        self.away = False

    async def follow(self) -> None:
        """Be told that the clients are to be followed."""
        if self.away:
            raise StoreUnavailable("connection refused")
        self.followed.append("now")

    @property
    def page(self) -> dict[str, str]:
        """What the page sends, and the cookie."""
        return {**PAGE, "Cookie": f"{SESSION}={self.browser.cookies[SESSION]}"}

    async def ask(self, target: str, headers: dict[str, str] | None = None, method: str = "GET") -> Answer:
        """Ask with the key; headers are the page's when None."""
        sent = {"Gateway-Engine-Key": KEY, **(self.page if headers is None else headers)}
        async with self.engine.request(method, target, headers=sent, allow_redirects=False) as answer:
            return Answer(answer.status, answer.headers, await answer.read())


@pytest.fixture
async def world(one: Kit, upstream: FakeUpstream, aiohttp_client: Callable[..., Awaitable[Client]]) -> World:
    known = doors(one, upstream)
    held: list[World] = []

    async def follow() -> None:
        await held[0].follow()

    jar = DummyCookieJar()
    public = await aiohttp_client(_Quiet(make_public_app(known)), cookie_jar=jar)
    engine = await aiohttp_client(_Quiet(make_engine_app(known, KEY, follow)), cookie_jar=jar)
    browser = Browser(public)
    held.append(World(known, public, engine, browser))
    one.cronofy.userinfos.append(userinfo_reply(pro_1="google_free_busy"))
    await browser.sign_in(one)
    return held[0]


async def test_a_call_that_may_go_is_told_its_token_and_mode(world: World, upstream: FakeUpstream) -> None:
    answer = await world.ask("/check/v1/calendars", {**world.page, "X-Request-Id": "mine-0123456789"})
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["Authorization"] == "Bearer access-1"
    assert answer.headers["Cronofy-Access-Mode"] == "free_busy"
    assert answer.headers["X-Request-Id"] == "mine-0123456789"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Access-Control-Allow-Origin"] == PAGE["Origin"]
    assert upstream.sent == []


@pytest.mark.parametrize("keys", [[], [""], [KEY[:-1]], [f"{KEY}x"], [KEY, KEY], [KEY, ""], ["\u00e9" * 40]])
async def test_without_the_key_nothing_is_looked_up(world: World, one: Kit, keys: list[str]) -> None:
    headers = [*world.page.items(), *(("Gateway-Engine-Key", key) for key in keys)]
    with capture_logs() as logs:
        async with world.engine.get("/check/v1/calendars", headers=headers) as answer:
            body = await answer.json()
    assert (answer.status, answer.headers["Gateway-Error"], body["code"]) == (403, *["engine_key_refused"] * 2)
    assert "Authorization" not in answer.headers
    assert world.followed == []
    assert KEY not in str(logs)


@pytest.mark.parametrize("path", ["/check", "/check/v1/calendars"])
async def test_the_public_listener_answers_no_check(world: World, path: str) -> None:
    headers = {**world.page, "Gateway-Engine-Key": KEY, "X-Forwarded-Method": "GET", "X-Forwarded-Uri": "/v1/userinfo"}
    async with world.public.get(path, headers=headers) as answer:
        assert (answer.status, answer.headers["Gateway-Error"]) == (404, "not_found")
        assert "Authorization" not in answer.headers


@pytest.mark.parametrize(
    "path",
    ["/", "/checks/v1/calendars", "/healthz", "/v1/calendars", "/check?x=1", "/auth/session", "/check/auth/session"],
)
async def test_the_engine_listener_answers_nothing_else(world: World, path: str) -> None:
    answer = await world.ask(path)
    assert (answer.status, answer.headers["Gateway-Error"]) == (404, "not_found")


async def test_the_method_is_the_requests_own_or_the_one_that_the_engine_names(world: World) -> None:
    """A sub-request of nginx asks with GET, whatever the call is."""
    named = {**world.page, "Gateway-Checked-Method": "DELETE"}
    assert (await world.ask("/check/v1/channels/c", named)).status == 200
    assert (await world.ask("/check/v1/channels/c", method="DELETE")).status == 200
    assert (await world.ask("/check/v1/channels/c")).headers["Gateway-Error"] == "method_not_allowed"
    read = {**world.page, "Gateway-Checked-Method": "POST"}
    assert (await world.ask("/check/v1/batch", read)).headers["Gateway-Error"] == "engine_must_pass_on"
    forwarded = {**world.page, "X-Forwarded-Method": "DELETE", "X-Forwarded-Uri": "/v1/userinfo"}
    assert (await world.ask("/check/v1/channels/c", forwarded)).headers["Gateway-Error"] == "method_not_allowed"


async def test_an_engine_may_name_method_and_target_in_headers(world: World) -> None:
    """Caddy and Traefik do."""
    named = {**world.page, "X-Forwarded-Method": "DELETE", "X-Forwarded-Uri": "/v1/channels/c?x=%2e"}
    assert (await world.ask("/check", named)).status == 200
    assert (await world.ask("/check", {**named, "X-Forwarded-Uri": "/v1/batch"})).headers["Allow"] == "POST"


@pytest.mark.parametrize(
    ("target", "lines"),
    [
        ("/check", []),
        ("/check", [("X-Forwarded-Method", "GET")]),
        ("/check", [("X-Forwarded-Uri", "/v1/userinfo")]),
        ("/check", [("X-Forwarded-Uri", "/v1/userinfo"), ("X-Forwarded-Method", "")]),
        ("/check", [("X-Forwarded-Method", "GET"), *[("X-Forwarded-Uri", "/v1/userinfo")] * 2]),
        ("/check", [*[("X-Forwarded-Method", "GET")] * 2, ("X-Forwarded-Uri", "/v1/userinfo")]),
        (
            "/check",
            [("X-Forwarded-Method", "GET"), ("X-Forwarded-Uri", "/v1/userinfo"), ("Gateway-Checked-Method", "GET")],
        ),
        ("/check/v1/userinfo", [("Gateway-Checked-Method", "GET"), ("Gateway-Checked-Method", "POST")]),
        ("/check/v1/userinfo", [("Gateway-Checked-Method", "")]),
    ],
)
async def test_an_unclear_question_is_refused(world: World, target: str, lines: list[tuple[str, str]]) -> None:
    """Whoever could add a second line would choose what is judged (CVE-2026-40575)."""
    headers = [("Gateway-Engine-Key", KEY), *world.page.items(), *lines]
    async with world.engine.get(target, headers=headers) as answer:
        assert (answer.status, answer.headers["Gateway-Error"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    "target", ["/v1/../v1/calendars", "/v1/%2e%2e/x", "/v1//calendars", "/v1/a%2fb", "/v1/calendars;x", "/v1/x?a#b"]
)
async def test_the_target_is_judged_byte_for_byte(world: World, target: str) -> None:
    """No router makes it normal before."""
    named = {**world.page, "X-Forwarded-Method": "GET", "X-Forwarded-Uri": target}
    assert (await world.ask("/check", named)).headers["Gateway-Error"] == "bad_target"


@pytest.mark.parametrize(
    "change",
    [
        {"Cookie": ""},
        {"Cookie": f"{SESSION}=wrong"},
        {"Cookie": f"{SESSION}=a; {SESSION}=b"},
        {"X-CSRF": ""},
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Gateway-Client": "b"},
        {"Gateway-Client": "nobody"},
        {"Authorization": f"Bearer {NOBODYS}"},
        {"Gateway-Account": "acc_1"},
        {"Cronofy-Impersonate": "acc_1"},
    ],
)
async def test_a_refusal_is_what_the_public_listener_would_answer(world: World, change: dict[str, str]) -> None:
    headers = {name: value for name, value in {**world.page, **change}.items() if value}
    asked = {**headers, "X-Request-Id": "the-same-012345"}
    check = await world.ask("/check/v1/calendars", asked)
    async with world.public.get("/v1/calendars", headers=asked) as direct:
        body = await direct.read()
    assert direct.status >= 400
    assert (check.status, check.body) == (direct.status, body)
    differ = {"Date", "Server"}
    assert {pair for pair in check.headers.items() if pair[0] not in differ} == {
        pair for pair in direct.headers.items() if pair[0] not in differ
    }


async def test_who_signed_out_elsewhere_is_refused_at_once(world: World, one: Kit, clock: FakeClock) -> None:
    """An engine may keep a yes for two seconds, so this process's memory of a session, two seconds, does not count."""
    assert (await world.ask("/check/v1/calendars")).status == 200
    sessions = world.doors.browser.sessions
    elsewhere = Sessions(one.records, clock, LIFETIMES)  # another process, on the same store
    await elsewhere.end(world.doors.registry.client("a"), world.browser.cookies[SESSION])
    assert await sessions.find(world.doors.registry.client("a"), world.browser.cookies[SESSION]) is not None

    answer = await world.ask("/check/v1/calendars")
    assert (answer.status, answer.headers["Gateway-Error"]) == (401, "not_signed_in")


async def test_clients_are_followed_before_each_answer(world: World) -> None:
    """So is one that was disabled elsewhere; while the store is away nobody is let through."""
    await world.ask("/check/v1/calendars")
    assert world.followed == ["now"]
    world.away = True
    answer = await world.ask("/check/v1/calendars")
    assert (answer.status, answer.headers["Gateway-Error"]) == (503, "store_unavailable")


async def test_checks_are_logged_and_counted_apart(world: World, one: Kit) -> None:
    with capture_logs() as logs:
        await world.ask("/check/v1/calendars")
        await world.ask("/check/v1/batch", {**world.page, "Gateway-Checked-Method": "POST"})
    told = [line for line in logs if line["event"] in {"check.finished", "request.finished"}]
    assert [(line["event"], line["operation"], line["client"], line["mode"], line["error"]) for line in told] == [
        ("check.finished", "calendars", "a", "free_busy", ""),
        ("check.finished", "batch", "a", "", "engine_must_pass_on"),
    ]
    page = one.metrics.render().decode()
    assert 'gateway_checks_total{client="a",operation="calendars",outcome="allowed"} 1.0' in page
    assert 'gateway_checks_total{client="a",operation="batch",outcome="engine_must_pass_on"} 1.0' in page
    assert 'gateway_requests_total{client="a",operation="calendars"' not in page


async def test_a_body_that_is_announced_is_no_body(world: World) -> None:
    """An engine may pass on the length of a body that it keeps: the next question must not be taken for that body."""
    async with world.engine.post(
        "/check/v1/channels",
        data=b'{"a": 1}',
        headers={"Gateway-Engine-Key": KEY, **world.page, "Content-Type": "application/json"},
    ) as answer:
        assert answer.status == 200
        assert answer.headers["Connection"] == "close"
