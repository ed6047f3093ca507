"""`serve`: what an operator, an orchestrator and a signal see of it."""

import asyncio
import json
import signal
from pathlib import Path

import aiohttp
import pytest

from gateway.adapters.key_ring import generate_key
from tests.journeys.processes import SECRET, end_of, run, serving, settings_file
from tests.journeys.raw_http import connect, request_bytes
from tests.journeys.stub_upstream import Call, StubUpstream
from tests.journeys.waiting import until_told

BEARER = "Authorization: Bearer some-token"
SLOW = "/v1/calendars"


async def test_the_operations_listener_answers_apart_from_the_public_one(tmp_path: Path, stub: StubUpstream) -> None:
    """CVE-2022-24797: health and metrics were reachable from outside."""
    async with serving(tmp_path, cronofy_url=stub.url) as served:
        for path in ("/healthz", "/ping", "/readyz", "/metrics"):
            assert await served.status(path) == 200
            async with served.session.get(served.public + path) as reply:
                assert reply.status == 404
        async with served.session.get(f"{served.operations}/v1/calendars", headers={"Authorization": "Bearer t"}) as r:
            assert r.status == 404
    assert stub.calls == []


async def test_sigterm_drains(tmp_path: Path, stub: StubUpstream) -> None:
    """`/readyz` turns 503, the call under way is finished, nobody new is let in, and the exit is clean."""
    go_on = stub.hold(SLOW)
    async with serving(tmp_path, cronofy_url=stub.url) as served, connect(served.public) as wire:
        await wire.send(request_bytes("GET", SLOW, BEARER))
        await wire.head()
        served.process.send_signal(signal.SIGTERM)
        await until_told(served.is_draining, patience=5)
        assert await served.status("/healthz") == 200
        await until_told(served.lets_nobody_in, patience=5)
        go_on.set()
        assert await wire.reader.readexactly(12) == b"first - last"
        ended = await end_of(served.process)
    assert ended.code == 0, ended
    lines = [json.loads(line) for line in ended.out.splitlines()]
    events = [line["event"] for line in lines]
    assert [one for one in events if one.startswith("gateway.") and one != "gateway.warned"] == [
        "gateway.started",
        "gateway.draining",
        "gateway.stopped",
    ]
    (finished,) = [line for line in lines if line["event"] == "request.finished"]
    assert (finished["status"], finished["operation"]) == (200, "calendars")
    assert (ended.err, "some-token" in ended.out) == ("", False)


async def test_a_call_that_outlives_the_drain_is_cut(tmp_path: Path, stub: StubUpstream) -> None:
    async def endless(call: Call) -> None:
        await call.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nfirst")
        await call.wait_gone()

    stub.on(SLOW, endless)
    async with serving(tmp_path, cronofy_url=stub.url, drain_timeout="0.2") as served, connect(served.public) as wire:
        await wire.send(request_bytes("GET", SLOW, BEARER))
        await wire.head()
        served.process.send_signal(signal.SIGTERM)
        assert await wire.some() == b"first"
        assert await wire.some() == b""
        assert (await end_of(served.process)).code == 0


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
async def test_a_second_signal_ends_it_at_once(tmp_path: Path, stub: StubUpstream, name: str) -> None:
    number = signal.Signals[name]

    async def endless(call: Call) -> None:
        await call.wait_gone()

    stub.on(SLOW, endless)
    async with serving(tmp_path, cronofy_url=stub.url, drain_timeout="60") as served, connect(served.public) as wire:
        await wire.send(request_bytes("GET", SLOW, BEARER))
        await stub.wait_for_call(SLOW)
        served.process.send_signal(number)
        await until_told(served.is_draining, patience=5)
        served.process.send_signal(number)
        async with asyncio.timeout(2):
            assert await served.process.wait() == -number


async def test_an_idle_gateway_ends_at_once(tmp_path: Path, stub: StubUpstream) -> None:
    """A kept connection without a call does not hold it."""
    async with serving(tmp_path, cronofy_url=stub.url) as served, connect(served.public) as wire:
        await wire.send(request_bytes("GET", SLOW, BEARER))
        assert (await wire.reply()).status == 200
        served.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(3):
            assert await served.process.wait() == 0


async def test_what_was_bound_is_there_after_a_restart(tmp_path: Path, stub: StubUpstream) -> None:
    ring = f'"{generate_key()}"'
    fields = {"client_id": "my-app", "client_secret": SECRET, "grant_type": "authorization_code", "code": "c"}
    fields["redirect_uri"] = "https://app.example.com/callback"
    other = '[clients.other]\nsecrets = ["another-secret-of-the-app-9876543210"]'
    for step in (fields, {**fields, "grant_type": "refresh_token", "refresh_token": "stub-refresh-token"}):
        # Each gateway is killed, as by a power cut, when its block ends.
        async with (
            serving(tmp_path, cronofy_url=stub.url, ring=ring, more=other) as served,
            served.session.post(f"{served.public}/oauth/token", json=step) as reply,
        ):
            assert reply.status == 200, await reply.text()


def damage(folder: Path) -> None:
    for path in folder.glob("records.db*"):
        path.write_bytes(b"this is no database " * 1_000)


async def test_without_its_store_it_is_not_ready_and_says_try_again(tmp_path: Path, stub: StubUpstream) -> None:
    async with serving(tmp_path, cronofy_url=stub.url) as served:
        damage(tmp_path)
        fields = {"client_id": "my-app", "client_secret": SECRET, "grant_type": "refresh_token", "refresh_token": "r"}
        async with served.session.post(f"{served.public}/oauth/token", json=fields) as reply:
            assert (reply.status, reply.headers["Gateway-Error"]) == (503, "store_unavailable")
            assert reply.headers["Retry-After"]
        assert await served.status("/readyz") == 503
        assert await served.status("/healthz") == 200


async def test_a_taken_port_is_one_sentence(tmp_path: Path, stub: StubUpstream) -> None:
    async with serving(tmp_path, cronofy_url=stub.url) as served:
        port = served.public.rpartition(":")[2]
        (tmp_path / "second").mkdir()
        path = settings_file(tmp_path / "second", port=port)
        ended = await run("serve", "--config", str(path))
    assert ended.code == 1
    assert ended.err.startswith("The gateway cannot start:")
    assert f"127.0.0.1 port {port}: Address already in use" in ended.err
    assert "Traceback" not in ended.err + ended.out


async def test_a_client_that_never_finishes_its_head_holds_up_nobody(tmp_path: Path, stub: StubUpstream) -> None:
    async with serving(tmp_path, cronofy_url=stub.url) as served, connect(served.public) as wire:
        await wire.send(b"GET /v1/calendars HTTP/1.1\r\nHost:")
        async with (
            aiohttp.ClientSession() as other,
            other.get(served.public + SLOW, headers={"Authorization": "Bearer t"}) as r,
        ):
            assert r.status == 200
        served.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(3):
            assert await served.process.wait() == 0
    assert stub.calls_to(SLOW)[0].answered
