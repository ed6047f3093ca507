"""`serve --workers 2`: two processes that are one gateway to whoever calls it."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest

from tests.journeys.crew import FORSAKEN, IMPATIENT, Crew, crew_of
from tests.journeys.processes import SECRET, run, settings_file
from tests.journeys.raw_http import exchange
from tests.journeys.stub_upstream import StubUpstream
from tests.journeys.waiting import until_told
from tests.ports import free_port

HOME = "http://127.0.0.1:9/app"
DOOR = f'[clients.web]\nsecrets = ["web-client-secret-0123456789abcdef"]\nhome = "{HOME}"'
PAGE = {"Origin": "http://127.0.0.1:9", "X-CSRF": "1"}
SIGNED_OUT_WITHIN = 2.0


@pytest.fixture
async def crew(tmp_path: Path, stub: StubUpstream) -> AsyncIterator[Crew]:
    async with crew_of(2, tmp_path, cronofy_url=stub.url, more=DOOR) as served:
        yield served


@asynccontextmanager
async def open_page() -> AsyncIterator[aiohttp.ClientSession]:
    """Open a browser that makes a connection for each request."""
    jar, connector = aiohttp.CookieJar(unsafe=True), aiohttp.TCPConnector(force_close=True)
    timeout = aiohttp.ClientTimeout(total=20)
    async with aiohttp.ClientSession(cookie_jar=jar, connector=connector, timeout=timeout, headers=PAGE) as page:
        yield page


async def sign_in(page: aiohttp.ClientSession, crew: Crew) -> None:
    async with page.get(f"{crew.public}/auth/login?client=web", allow_redirects=False) as begun:
        state = parse_qs(urlsplit(begun.headers["Location"]).query)["state"][0]
    url = f"{crew.public}/auth/callback?code=any&state={state}"
    async with page.get(url, allow_redirects=False) as reply:
        assert (reply.status, reply.headers["Location"]) == (303, HOME)


async def is_signed_in(page: aiohttp.ClientSession, crew: Crew) -> bool:
    async with page.get(f"{crew.public}/auth/session") as reply:
        assert reply.status == 200
        return bool((await reply.json())["authenticated"])


async def test_a_session_belongs_to_every_worker_and_so_does_its_end(crew: Crew) -> None:
    """Sessions lie in the store; each worker keeps what it read for two seconds at most."""
    one, other = crew.pids
    async with open_page() as page:
        async with crew.alone(one):
            await sign_in(page, crew)
        async with crew.alone(other):
            assert await is_signed_in(page, crew)
        async with crew.alone(one), page.post(f"{crew.public}/auth/logout", json={}) as reply:
            assert reply.status < 300
            # The cookie is gone from this jar; a thief would still have it.
            stolen = re.search(r"gateway-web=([^;]+)", str(reply.request_info.headers.get("Cookie")))
            ended_at = time.monotonic()
        assert stolen is not None
        async with open_page() as thief, crew.alone(other):
            thief.cookie_jar.update_cookies({"gateway-web": stolen.group(1)}, reply.url.origin())

            async def is_out() -> bool:
                return not await is_signed_in(thief, crew)

            await until_told(is_out)
            assert time.monotonic() - ended_at < SIGNED_OUT_WITHIN + 0.5


async def test_a_token_bound_in_one_worker_is_known_in_the_other(crew: Crew) -> None:
    one, other = crew.pids
    fields = {"client_id": "my-app", "client_secret": SECRET}
    exchanged = {"grant_type": "authorization_code", "code": "c", "redirect_uri": "https://app.example.com/callback"}
    refreshed = {"grant_type": "refresh_token", "refresh_token": "stub-refresh-token"}
    for pid, step in ((one, exchanged), (other, refreshed)):
        async with crew.alone(pid):
            status, body = await crew.fetch("POST", "/oauth/token", json={**fields, **step})
            assert (status, b"stub-access-token" in body) == (200, True), body
            status, _ = await crew.fetch("GET", "/v1/calendars", headers={"Authorization": "Bearer stub-access-token"})
            assert status == 200


async def test_the_counts_of_all_workers_are_one_sum(crew: Crew) -> None:
    """Whichever worker answers a scrape, it shows what all have counted, a dead one too; only its gauges are gone."""
    for pid in crew.pids:
        async with crew.alone(pid):
            assert {await status_of(crew) for _ in range(50)} == {404}
    assert await asyncio.gather(*(status_of(crew) for _ in range(100))) == [404] * 100
    assert [await crew.counted() for _ in range(10)] == [200] * 10
    assert await crew.counted("gateway_request_seconds_count") == 200

    killed = crew.pids[0]
    await crew.kill(killed)
    await crew.come_to("gateway.started", 3)
    assert [await crew.counted() for _ in range(10)] == [200] * 10
    for pid in crew.pids[1:]:
        async with crew.alone(pid):
            assert await status_of(crew) == 404
    assert [await crew.counted() for _ in range(10)] == [202] * 10
    assert await crew.counted("gateway_requests_in_flight") == 0
    assert f"gauge_livesum_{killed}.db" not in {path.name for path in crew.folder.glob("cronofy-gateway-*/*")}


async def status_of(crew: Crew) -> int:
    return (await crew.fetch("GET", "/nothing"))[0]


async def test_a_page_of_metrics_says_the_same_as_one_processes_page(crew: Crew) -> None:
    await status_of(crew)
    page = await crew.metrics()
    assert "# HELP gateway_requests_total Requests answered, by route or operation, status and client.\n" in page
    assert "# TYPE gateway_requests_total counter\n" in page
    assert 'gateway_requests_total{client="",operation="unmatched",status="404"} 1.0\n' in page
    assert "pid=" not in page


async def test_every_worker_is_quiet_about_a_malformed_request(crew: Crew) -> None:
    for pid in crew.pids:
        async with crew.alone(pid):
            reply = await exchange(crew.public, b"GET /canary-4711 HTTP/1.1\r\nAuthorization\x01: canary-4711\r\n\r\n")
        assert (reply.status, reply.header("Gateway-Error")) == (400, "malformed_request")
        assert (reply.header("Server"), b"canary" in reply.body) == ("cronofy-gateway", False)
    assert {line["pid"] for line in crew.logged("request.malformed")} == set(crew.pids)
    assert await crew.counted("gateway_malformed_requests_total") == 2


async def test_a_worker_that_dies_is_replaced_and_clients_go_on(crew: Crew) -> None:
    killed, other = crew.pids
    await crew.kill(killed)
    while len(crew.pids) == 2:
        assert await status_of(crew) == 404
    assert crew.pids[:2] == [killed, other]
    async with crew.alone(crew.pids[2]):
        assert await status_of(crew) == 404
    (told,) = crew.logged("arbiter.told")
    assert (told["level"], str(killed) in told["text"]) == ("error", True)


async def test_a_worker_that_hangs_is_killed_and_replaced(tmp_path: Path, stub: StubUpstream) -> None:
    async with crew_of(2, tmp_path, cronofy_url=stub.url, program=IMPATIENT) as crew:
        hung = crew.pids[0]
        await crew.stop(hung)
        assert {await status_of(crew) for _ in range(5)} == {404}
        await crew.come_to("gateway.started", 3)
        assert any(line["text"] == f"WORKER TIMEOUT (pid:{hung})" for line in crew.logged("arbiter.told"))
        async with crew.alone(crew.pids[2]):
            assert await status_of(crew) == 404


async def test_workers_wait_for_a_store_that_is_away(tmp_path: Path, stub: StubUpstream) -> None:
    """Meanwhile nobody is let in, and readiness says why."""
    (tmp_path / "away").touch()
    starting = crew_of(2, tmp_path, cronofy_url=stub.url, program=FORSAKEN, begins_with="store.awaited")
    async with starting as crew:
        assert await crew.lets_nobody_in()
        async with crew.session.get(f"{crew.operations}/readyz") as reply:
            assert (reply.status, "waiting for store: connection refused" in await reply.text()) == (503, True)
        (tmp_path / "away").unlink()
        await crew.come_to("gateway.started", 2)
        assert await status_of(crew) == 404


@pytest.mark.parametrize("listener", ["port", "operations_port"])
async def test_a_taken_port_is_one_sentence(tmp_path: Path, stub: StubUpstream, listener: str) -> None:
    """The workers would share the operations address with anybody, so the arbiter looks whether it is free."""
    async with crew_of(2, tmp_path, cronofy_url=stub.url) as served:
        taken = (served.public if listener == "port" else served.operations).rpartition(":")[2]
        ports = {"port": str(free_port()), "operations_port": str(free_port()), listener: taken}
        (tmp_path / "second").mkdir()
        path = settings_file(tmp_path / "second", **ports)
        ended = await run("serve", "--config", str(path), "--workers", "2")
    assert ended.code == 1
    assert ended.err.startswith("The gateway cannot start:")
    assert (ended.err.count("\n"), taken in ended.err) == (1, True)
    assert ("gateway.started" in ended.out, "Traceback" in ended.out + ended.err) == (False, False)


async def test_an_engine_may_ask_any_worker_and_its_port_is_nobody_elses(tmp_path: Path, stub: StubUpstream) -> None:
    """Its answers hold tokens: another process of this user must not get the questions, nor give the answers."""
    port = free_port()
    more = f'[engine]\nport = {port}\nkey = "engine-key-0123456789abcdefghijklmnop"'
    async with crew_of(2, tmp_path, cronofy_url=stub.url, more=more) as served:
        for key, status in (("engine-key-0123456789abcdefghijklmnop", 401), ("wrong", 403)):
            for _ in range(5):  # on connections of their own
                async with (
                    aiohttp.ClientSession() as http,
                    http.get(
                        f"http://127.0.0.1:{port}/check/v1/userinfo", headers={"Gateway-Engine-Key": key}
                    ) as reply,
                ):
                    assert reply.status == status
        assert await served.counted("gateway_checks_total") == 10
        assert (await served.fetch("GET", "/check/v1/userinfo"))[0] == 404
        (tmp_path / "second").mkdir()
        ports = {"port": str(free_port()), "operations_port": str(free_port())}
        path = settings_file(tmp_path / "second", more=more, **ports)
        ended = await run("serve", "--config", str(path), "--workers", "2")
    assert (ended.code, str(port) in ended.err) == (1, True)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"operations_port": "0"}, "operations.port"),
        ({"ring": '"no key"'}, "keys.ring"),
        ({"drain_timeout": "-1"}, "drain_timeout"),
    ],
)
async def test_settings_that_several_workers_cannot_use_start_nothing(
    tmp_path: Path, changes: dict[str, str], complaint: str
) -> None:
    path = settings_file(tmp_path, **{"operations_port": str(free_port()), **changes})
    ended = await run("serve", "--config", str(path), "--workers", "2")
    assert (ended.code, ended.out) == (1, "")
    assert complaint in ended.err


async def test_a_store_that_cannot_be_opened_starts_no_worker(tmp_path: Path) -> None:
    path = settings_file(tmp_path, operations_port=str(free_port()))
    (tmp_path / "records.db").write_bytes(b"this is no database " * 1_000)
    ended = await run("serve", "--config", str(path), "--workers", "2")
    assert ended.code == 1
    assert ended.err.startswith("The gateway cannot start: the store's file cannot be opened")
    assert "gateway.started" not in ended.out
