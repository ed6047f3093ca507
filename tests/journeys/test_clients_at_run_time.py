"""Clients come, change and go while a gateway serves: by the command line, and by its settings file."""

import json
import signal
import time
from pathlib import Path
from typing import Any

from tests.journeys.processes import SECRET, Served, end_of, serving, start
from tests.journeys.raw_http import connect, request_bytes
from tests.journeys.stub_upstream import StubUpstream
from tests.journeys.waiting import until_told

# Two seconds are what is promised; the rest is for a machine that is busy with other tests.
WITHIN = 2.0 + 1.5
SLOW = "/v1/calendars"
CALLBACK = "https://new.example.com/callback"


async def command(folder: Path, *words: str) -> str:
    """Run a command beside the gateway; return its standard output."""
    process = await start(*words, "--config", str(folder / "gateway.toml"))
    ended = await end_of(process)
    assert ended.code == 0, ended.err
    return ended.out.strip()


async def authorize(served: Served, client: str, redirect_uri: str) -> int:
    """Return how an authorize request is answered: 302, or 400 for what is not registered."""
    asked = {"client_id": client, "redirect_uri": redirect_uri, "response_type": "code", "scope": "free_busy_write"}
    async with served.session.get(f"{served.public}/oauth/authorize", params=asked, allow_redirects=False) as reply:
        return reply.status


async def redeem(served: Served, client: str, secret: str, redirect_uri: str = CALLBACK) -> tuple[int, dict[str, Any]]:
    """Exchange a code; return status and body."""
    fields = {"client_id": client, "client_secret": secret, "redirect_uri": redirect_uri, "code": "c"}
    async with served.session.post(
        f"{served.public}/oauth/token", json={**fields, "grant_type": "authorization_code"}
    ) as reply:
        return reply.status, await reply.json()


async def bearer(served: Served, token: str) -> int:
    """Return the status of a call with a Bearer."""
    async with served.session.get(served.public + SLOW, headers={"Authorization": f"Bearer {token}"}) as reply:
        return reply.status


async def within(fact: Any) -> None:
    began = time.monotonic()
    await until_told(fact, patience=WITHIN)
    assert time.monotonic() - began < WITHIN


async def test_a_client_that_is_made_while_the_gateway_serves_works_and_stops_when_disabled(
    tmp_path: Path, stub: StubUpstream
) -> None:
    async with serving(tmp_path, cronofy_url=stub.url) as served:
        assert await authorize(served, "new", CALLBACK) == 400
        await command(tmp_path, "clients", "add", "new", "--redirect-uri", CALLBACK)
        secret = await command(tmp_path, "clients", "secret", "new")

        async def is_redeemed() -> bool:
            return (await redeem(served, "new", secret))[0] == 200

        await within(is_redeemed)
        assert await authorize(served, "new", CALLBACK) == 302
        token = (await redeem(served, "new", secret))[1]["access_token"]
        assert await bearer(served, token) == 200
        await command(tmp_path, "clients", "disable", "new")

        async def is_out() -> bool:
            return await bearer(served, token) == 401

        await within(is_out)
        sent = len(stub.calls_to(SLOW))
        assert await bearer(served, secret) == 401
        assert await authorize(served, "new", CALLBACK) == 400
        status, body = await redeem(served, "new", secret)
        assert (status, body["error"]) == (400, "invalid_client")
        assert len(stub.calls_to(SLOW)) == sent
        await command(tmp_path, "clients", "enable", "new")

        async def is_in() -> bool:
            return await bearer(served, token) == 200

        await within(is_in)
        served.process.send_signal(signal.SIGTERM)
        ended = await end_of(served.process)
    assert secret not in ended.out + ended.err
    assert "clients.refreshed" in ended.out


async def test_a_configured_client_is_disabled_and_given_a_secret_as_well(tmp_path: Path, stub: StubUpstream) -> None:
    uri = "https://app.example.com/callback"
    async with serving(tmp_path, cronofy_url=stub.url) as served:
        issued = await command(tmp_path, "clients", "secret", "my-app")

        async def is_known() -> bool:
            return (await redeem(served, "my-app", issued, uri))[0] == 200

        await within(is_known)
        assert (await redeem(served, "my-app", SECRET, uri))[0] == 200
        await command(tmp_path, "clients", "disable", "my-app")

        async def is_out() -> bool:
            return (await redeem(served, "my-app", SECRET, uri))[0] == 400

        await within(is_out)
        assert await authorize(served, "my-app", uri) == 400


def rewrite(folder: Path, old: str, new: str) -> None:
    path = folder / "gateway.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


async def test_a_changed_file_is_taken_over_and_a_broken_one_is_not(tmp_path: Path, stub: StubUpstream) -> None:
    """No call under way notices either."""
    go_on = stub.hold(SLOW)
    old, new = "https://app.example.com/callback", "https://app.example.com/other"
    async with serving(tmp_path, cronofy_url=stub.url) as served, connect(served.public) as wire:
        await wire.send(request_bytes("GET", SLOW, "Authorization: Bearer some-token"))
        await wire.head()
        rewrite(tmp_path, old, new)

        async def is_taken() -> bool:
            return await authorize(served, "my-app", new) == 302

        await within(is_taken)
        assert await authorize(served, "my-app", old) == 400
        rewrite(tmp_path, "[clients.my-app]", "[clients.my-app")

        async def counts(line: str) -> bool:
            async with served.session.get(f"{served.operations}/metrics") as reply:
                return line in (await reply.text()).splitlines()

        await within(lambda: counts('gateway_reloads_total{outcome="refused"} 1.0'))
        assert await authorize(served, "my-app", new) == 302
        assert await served.status("/readyz") == 200
        go_on.set()
        assert await wire.reader.readexactly(12) == b"first - last"
        served.process.send_signal(signal.SIGTERM)
        ended = await end_of(served.process)
    lines = [json.loads(line) for line in ended.out.splitlines()]
    (reloaded,) = [line for line in lines if line["event"] == "gateway.reloaded"]
    assert reloaded["needs_restart"] == []
    (refused,) = [line for line in lines if line["event"] == "gateway.reload_refused"]
    assert "is not TOML" in refused["problems"][0]
    assert SECRET not in ended.out


async def test_hangup_reads_the_settings_and_does_not_end_the_process(tmp_path: Path, stub: StubUpstream) -> None:
    async with serving(tmp_path, cronofy_url=stub.url) as served:
        rewrite(tmp_path, "/callback", "/other")
        rewrite(tmp_path, "drain_timeout = 10", "drain_timeout = 11")
        served.process.send_signal(signal.SIGHUP)

        async def is_taken() -> bool:
            return await authorize(served, "my-app", "https://app.example.com/other") == 302

        await within(is_taken)
        served.process.send_signal(signal.SIGTERM)
        ended = await end_of(served.process)
    assert ended.code == 0
    (reloaded,) = [one for one in map(json.loads, ended.out.splitlines()) if one["event"] == "gateway.reloaded"]
    assert reloaded["needs_restart"] == ["drain_timeout"]
