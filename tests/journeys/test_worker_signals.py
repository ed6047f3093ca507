"""Signals to a gateway of several workers: draining, ending at once, reading the settings again."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from gateway.adapters.key_ring import generate_key
from tests.journeys.crew import FORSAKEN, IMPATIENT, Crew, crew_of
from tests.journeys.raw_http import connect, request_bytes
from tests.journeys.stub_upstream import Call, StubUpstream
from tests.journeys.waiting import until_told

BEARER = "Authorization: Bearer some-token"
SLOW = "/v1/calendars"


async def never(call: Call) -> None:
    await call.wait_gone()


def leftovers(crew: Crew) -> list[Path]:
    return list(crew.folder.glob("cronofy-gateway-*"))


@pytest.mark.parametrize(("name", "to_all"), [("SIGTERM", False), ("SIGTERM", True), ("SIGINT", True)])
async def test_the_first_signal_drains(tmp_path: Path, stub: StubUpstream, name: str, to_all: bool) -> None:
    """A terminal signals its whole process group, and systemd all of a unit: that must not count as asking twice."""
    go_on = stub.hold(SLOW)
    async with crew_of(2, tmp_path, cronofy_url=stub.url) as crew, connect(crew.public) as wire:
        await wire.send(request_bytes("GET", SLOW, BEARER))
        await wire.head()
        assert len(leftovers(crew)) == 1
        (os.killpg if to_all else os.kill)(crew.process.pid, signal.Signals[name])
        await until_told(crew.is_draining, patience=5)
        await crew.come_to("gateway.stopped", 1)
        assert await crew.status("/healthz") == 200
        await until_told(crew.lets_nobody_in, patience=5)
        go_on.set()
        assert await wire.reader.readexactly(12) == b"first - last"
        ended = await crew.end()
        lines = crew.lines
        assert leftovers(crew) == []
    assert (ended.code, ended.err, "some-token" in ended.out) == (0, "", False)
    events = [line["event"] for line in lines]
    assert [events.count(f"gateway.{one}") for one in ("started", "draining", "stopped")] == [2, 2, 2]
    assert len({line["pid"] for line in lines}) == 3
    (finished,) = [line for line in lines if line["event"] == "request.finished"]
    assert (finished["status"], finished["operation"]) == (200, "calendars")


async def test_a_call_that_outlives_the_drain_is_cut(tmp_path: Path, stub: StubUpstream) -> None:
    stub.on(SLOW, never)
    async with crew_of(2, tmp_path, cronofy_url=stub.url, drain_timeout="0.2") as crew, connect(crew.public) as wire:
        await wire.send(request_bytes("GET", SLOW, BEARER))
        await stub.wait_for_call(SLOW)
        crew.process.send_signal(signal.SIGTERM)
        assert await wire.some() == b""
        assert (await crew.end()).code == 0


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
async def test_the_second_signal_ends_all_at_once(tmp_path: Path, stub: StubUpstream, name: str) -> None:
    number = signal.Signals[name]
    stub.on(SLOW, never)
    async with crew_of(2, tmp_path, cronofy_url=stub.url, drain_timeout="60") as crew, connect(crew.public) as wire:
        await wire.send(request_bytes("GET", SLOW, BEARER))
        await stub.wait_for_call(SLOW)
        crew.process.send_signal(number)
        await until_told(crew.is_draining, patience=5)
        crew.process.send_signal(number)
        async with asyncio.timeout(2):
            assert await crew.process.wait() == -number
            assert await wire.some() == b""
        assert leftovers(crew) == []


async def test_workers_that_wait_for_their_store_end_at_once(tmp_path: Path, stub: StubUpstream) -> None:
    (tmp_path / "away").touch()
    starting = crew_of(2, tmp_path, cronofy_url=stub.url, program=FORSAKEN, begins_with="store.awaited")
    async with starting as crew:
        crew.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(5):
            assert await crew.process.wait() == 0
        assert crew.logged("arbiter.told") == []


async def test_workers_end_when_their_arbiter_was_killed(tmp_path: Path, stub: StubUpstream) -> None:
    """Nobody would look after them any more, and they would hold the port."""
    async with crew_of(2, tmp_path, cronofy_url=stub.url) as crew:
        crew.process.kill()
        await until_told(crew.lets_nobody_in, patience=10)
        await crew.come_to("gateway.stopped", 2)


def rewrite(crew: Crew, old: str, new: str) -> None:
    path = crew.folder / "gateway.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


async def test_hangup_reads_the_settings_again_and_breaks_no_call(tmp_path: Path, stub: StubUpstream) -> None:
    """A call under way is finished by the old worker, even past the time after which a silent worker counts as hung."""
    go_on = stub.hold(SLOW)
    more = '[proxy]\nmode_header = "Mode-Before"'
    async with (
        crew_of(2, tmp_path, cronofy_url=stub.url, more=more, program=IMPATIENT, drain_timeout="30") as crew,
        connect(crew.public) as wire,
    ):
        await wire.send(request_bytes("GET", SLOW, BEARER))
        _, headers = await wire.head()
        assert "mode-before" in dict(headers)
        before = crew.pids
        rewrite(crew, "Mode-Before", "Mode-After")
        crew.process.send_signal(signal.SIGHUP)
        await crew.come_to("gateway.started", 4)
        await crew.come_to("gateway.stopped", 1)
        assert [line["workers"] for line in await crew.come_to("gateway.reloaded", 1)] == [2]
        assert await crew.is_ready()
        hung, other = crew.pids[2:]
        async with (
            crew.alone(other),
            crew.session.get(f"{crew.public}/v1/userinfo", headers={"Authorization": "Bearer t"}) as reply,
        ):
            assert "Mode-After" in reply.headers
        await crew.stop(hung)
        await crew.come_to("gateway.started", 5)  # by now a worker that had been silent since the reload would be dead
        go_on.set()
        assert await wire.reader.readexactly(12) == b"first - last"
        assert {line["pid"] for line in await crew.come_to("gateway.stopped", 2)} == set(before)
        assert all(str(hung) in line["text"] for line in crew.logged("arbiter.told"))
        crew.process.send_signal(signal.SIGTERM)
        assert (await crew.end()).code == 0


UNUSABLE = [
    ("drain_timeout = 10", "drain_timeout = -1", "drain_timeout"),
    ("drain_timeout = 10", "drain_timeout", "is not TOML"),
    ('client_secret = "', 'client_secret_file = "/nowhere/canary" # "', "client_secret_file cannot be read"),
    ("records.db", "nowhere/records.db", "the store's file cannot be opened"),
    ('ring = "', f'ring = "{generate_key()}" # "', "none of this key ring's keys"),
    ("[operations]\n", '[operations]\nhost = "127.0.0.2"\n', "operations cannot change"),
]


async def test_settings_that_cannot_be_used_are_refused_whole(tmp_path: Path, stub: StubUpstream) -> None:
    async with crew_of(2, tmp_path, cronofy_url=stub.url) as crew:
        before = crew.pids
        for number, (old, new, problem) in enumerate(UNUSABLE, start=1):
            rewrite(crew, old, new)
            crew.process.send_signal(signal.SIGHUP)
            refused = await crew.come_to("gateway.reload_refused", number)
            assert problem in " ".join(refused[-1]["problems"])
            rewrite(crew, new, old)
        assert (await crew.fetch("GET", "/nothing"))[0] == 404
        assert (crew.pids, crew.logged("gateway.stopped")) == (before, [])


async def test_a_reload_changes_how_many_workers_there_are(tmp_path: Path, stub: StubUpstream) -> None:
    """Where the command line does not say it."""
    async with crew_of(2, tmp_path, cronofy_url=stub.url, by_option=False) as crew:
        rewrite(crew, "workers = 2", "workers = 3")
        crew.process.send_signal(signal.SIGHUP)
        await crew.come_to("gateway.started", 5)
        await crew.come_to("gateway.stopped", 2)
        rewrite(crew, "workers = 3", "workers = 1")
        crew.process.send_signal(signal.SIGHUP)
        await crew.come_to("gateway.started", 6)
        await crew.come_to("gateway.stopped", 5)

        async def is_alone() -> bool:
            return list(await crew.states()) == crew.pids[-1:]

        await until_told(is_alone)
        assert (await crew.fetch("GET", "/nothing"))[0] == 404


async def test_a_worker_that_cannot_open_its_store_is_tried_again(tmp_path: Path, stub: StubUpstream) -> None:
    """The others go on meanwhile: a store that is away for a moment does not end the gateway."""
    async with crew_of(2, tmp_path, cronofy_url=stub.url) as crew:
        killed, other = crew.pids
        hidden = tmp_path / "hidden"
        (tmp_path / "records.db").rename(hidden)
        (tmp_path / "records.db").mkdir()
        await crew.kill(killed)
        await crew.come_to("worker.failed", 2)
        async with crew.alone(other):
            assert (await crew.fetch("GET", "/nothing"))[0] == 404
        (tmp_path / "records.db").rmdir()
        hidden.rename(tmp_path / "records.db")
        await crew.come_to("gateway.started", 3)
        assert crew.process.returncode is None
