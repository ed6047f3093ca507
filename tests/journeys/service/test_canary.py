"""In the service door, too, no secret and no token is said: not in an answer, a log, an error, a header or a metric."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.adapters.key_ring import generate_key
from tests.clock import FakeClock
from tests.journeys.canaries import Ears, ears
from tests.journeys.conftest import IMPATIENT
from tests.journeys.door.browser import SECRET, SIDE, WEB, Reply, open_browser, sign_in_at_stub
from tests.journeys.service.backend import Backend, open_service
from tests.journeys.stub_upstream import TOKENS, Call, StubUpstream, json_reply, reply, userinfo
from tests.journeys.test_canary import APPLICATION_SECRET, assert_silence, canary

BOOKABLE = "/v1/bookable_events"
SUB = "acc_stub"


@pytest.fixture
def listening() -> Iterator[Ears]:
    with ears() as opened:
        opened.keep(application_secret=APPLICATION_SECRET, web=SECRET[WEB], side=SECRET[SIDE])
        yield opened


async def test_the_service_door_says_no_secret(
    tmp_path: Path, stub: StubUpstream, listening: Ears, clock: FakeClock, capfd: pytest.CaptureFixture[str]
) -> None:
    key, other_secret, numbers = generate_key(), canary("other-secret"), iter(range(100))
    listening.keep(key=key, other_secret=other_secret)
    application = {"client_id": "emulator-application", "client_secret": APPLICATION_SECRET, "emulator_url": stub.url}
    applications = {"main": {**application, "other_client_secret": other_secret}}

    async def issue(call: Call) -> None:
        await call.read()
        access, refresh, number = canary("access"), canary("refresh"), next(numbers)
        listening.keep(**{f"access {number}": access, f"refresh {number}": refresh})
        await call.send(json_reply(200, {**TOKENS, "access_token": access, "refresh_token": refresh}))

    def note(answer: Reply) -> Reply:
        listening.told += [f"{name}: {value}" for name, value in answer.headers.items()]
        listening.told.append(answer.body.decode("utf-8", "replace"))
        return answer

    stub.on("/oauth/token", issue)
    async with open_service(
        tmp_path, clock, cronofy_url=stub.url, keys={"ring": key}, upstream=IMPATIENT, applications=applications
    ) as world:
        async with open_browser(world) as browser:
            await sign_in_at_stub(browser)
        backend, side = Backend(world), Backend(world, SIDE)
        codes = set()
        for step in range(4):
            for answer in await backend.many(5, "/v1/calendars", SUB):
                codes.add(note(answer).code)
            for method, path, account, body in (
                ("GET", "/auth/connections", None, None),
                ("GET", f"/auth/connections/{SUB}", None, None),
                ("GET", "/auth/connections/acc_never", None, None),
                ("GET", "/v1/calendars", "acc_never", None),
                ("GET", "/v1/calendars", None, None),
                ("GET", "/v1/calendars", SECRET[WEB], None),
                ("GET", f"/v1/calendars?x={SECRET[WEB]}", SUB, None),
                ("POST", "/v1/real_time_scheduling", None, {"client_id": WEB, "client_secret": SECRET[WEB]}),
                ("GET", f"{BOOKABLE}/1?bearer_token={SECRET[WEB]}", None, None),
                ("GET", f"{BOOKABLE}/1?bearer_token={SECRET[SIDE]}", None, None),
                ("GET", f"{BOOKABLE}/1?bearer_token[]={SECRET[SIDE]}", None, None),
                ("POST", BOOKABLE, None, {"bearer_token": SECRET[WEB]}),
                ("POST", BOOKABLE, None, {"bearer_token": SECRET[SIDE]}),
                ("POST", "/auth/explain", SUB, {"method": "GET", "path": f"/v1/events?bearer_token={SECRET[WEB]}"}),
                ("POST", "/auth/explain", None, {"method": "GET", "path": "/v1/events"}),
            ):
                answer = await backend.call(method, path, account, **({"json": body} if body else {}))
                codes.add(note(answer).code)
            note(await side.call("GET", "/v1/calendars", SUB))
            # Expired tokens; then a Cronofy that refuses every secret; then one that is away.
            clock.pass_time(20_000)
            if step == 1:
                for path in (f"{BOOKABLE}/1", BOOKABLE, "/v1/real_time_scheduling"):
                    stub.on(path, reply(401, f"unknown secret {APPLICATION_SECRET}".encode()))
            if step == 2:
                stub.on("/oauth/token", json_reply(400, {"error": "invalid_client"}))
        stub.on("/oauth/token", issue)
        clock.pass_time(60)
        stub.on("/v1/userinfo", json_reply(200, userinfo()))
        note(await backend.call("DELETE", f"/auth/connections/{SUB}"))
        assert {
            "",
            "account_header_refused",
            "account_required",
            "application_credentials_refused",
            "connection_unknown",
            "credentials_differ",
            "credentials_unknown",
            "parameter_repeated",
            "upstream_reply_invalid",
        } <= codes, codes
        await asyncio.sleep(0)
        await assert_silence(listening, world, capfd)
