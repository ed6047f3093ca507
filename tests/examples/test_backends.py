"""The two backends of examples/ do what their READMEs say, and let no token out."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest

from gateway.emulator import authorizations, grants, ids
from gateway.flows import handles
from gateway.flows.vault import TOO_YOUNG
from gateway.rules.handles import Kind, write_handle
from tests.clock import FakeClock
from tests.examples.example import EXAMPLES, Example, fields_of, run_example
from tests.journeys.custody import CUSTODIES, client_in
from tests.journeys.sdks.node_runtime import install, node
from tests.journeys.world import ADDING, SECRETS, World, open_world
from tests.ports import free_port

_NAMES: Final = ("flask-pycronofy", "express-cronofy")


def command(name: str) -> list[str]:
    """Return how an example is started; what Express needs is installed from its lock file."""
    if name == "flask-pycronofy":
        return [sys.executable, "app.py"]
    install(EXAMPLES / name)
    return [*node(), "server.js"]


@pytest.fixture
def issued(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every code and token that the emulator hands out, and every handle that the gateway makes of one."""
    made: list[str] = []

    def note() -> str:
        made.append(ids.new_token())
        return made[-1]

    def note_handle(kind: Kind, random: str) -> str:
        made.append(write_handle(kind, random))
        return made[-1]

    monkeypatch.setattr(handles, "write_handle", note_handle)
    for module in (authorizations, grants):
        monkeypatch.setattr(module, "new_token", note)
    return made


@pytest.fixture(params=CUSTODIES)
async def world(request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    async with open_world(tmp_path, clients=client_in(request.param), clock=clock) as opened:
        yield opened


@pytest.fixture(params=_NAMES)
async def example(request: pytest.FixtureRequest, world: World, tmp_path: Path) -> AsyncIterator[Example]:
    told = {"GATEWAY": world.gateway, "CLIENT_ID": ADDING, "CLIENT_SECRET": SECRETS[ADDING], "SECRET_KEY": "k" * 32}
    log, folder = tmp_path / "example.log", EXAMPLES / request.param
    async with run_example(command(request.param), folder=folder, log=log, port=free_port(), **told) as running:
        yield running


async def test_a_person_connects_adds_an_event_and_leaves(world: World, example: Example) -> None:
    await world.consent("read_write")
    assert "Connect a calendar" in await example.get("/")
    page = await example.get("/connect")
    assert '<strong id="mode">read_write</strong>' in page
    form = fields_of(page)
    added = await example.post("/events", {**form, "summary": "Lunch <b>", "conference": "on"})
    left = await example.post("/disconnect", form)

    assert "The event is on its way." in added
    assert "Disconnected." in left
    assert "Connect a calendar" in left
    writes = [one for one in await world.seen_upstream() if one["path"].endswith("/events") and one["method"] == "POST"]
    assert [one["status"] for one in writes] == [202]


async def test_a_conference_that_the_mode_forbids_is_said_and_left_out(world: World, example: Example) -> None:
    await world.consent("free_busy")
    page = await example.get("/connect")
    form = fields_of(page)
    added = await example.post("/events", {**form, "conference": "on"})

    assert '<strong id="mode">free_busy</strong>' in page
    assert "The event is on its way without one." in added
    writes = [one for one in await world.seen_upstream() if one["path"].endswith("/events") and one["method"] == "POST"]
    assert [one["status"] for one in writes] == [202]  # the refused one never reached Cronofy


async def test_a_sign_in_of_another_browser_is_refused(world: World, example: Example) -> None:
    await world.consent("read_write")
    async with example.http.get(f"{example.url}/connect", allow_redirects=False) as reply:
        onward = reply.headers["Location"]
    back = await world.location(await world.location(onward))
    example.http.cookie_jar.clear()
    path = back.removeprefix(example.url)
    assert "not begun in this browser" in await example.get(path, status=400)
    assert "not begun in this browser" in await example.get("/callback?code=x", status=400)
    assert "Connect a calendar" in await example.get("/")


async def test_who_declines_is_told_that_nothing_was_connected(world: World, example: Example) -> None:
    await world.consent(decline=True)
    assert "Nothing was connected." in await example.get("/connect")


async def test_a_form_of_another_page_is_refused(world: World, example: Example) -> None:
    assert "Connect a calendar first" in await example.post("/disconnect", {}, status=401)
    await world.consent("read_write")
    await example.get("/connect")
    await example.post("/disconnect", {"form_token": "guessed"}, status=403)
    await example.post("/events", {"summary": "x", "calendar": "y"}, status=403)
    assert 'id="mode"' in await example.get("/")


async def test_a_token_that_has_ended_is_renewed(world: World, example: Example, clock: FakeClock) -> None:
    """By the app itself in custody `client`, by the gateway in custody `gateway`: the person notices neither."""
    await world.consent("read_write")
    await example.get("/connect")
    clock.pass_time(TOO_YOUNG)
    await _order(world, "/_emulator/tokens/expire")
    assert 'id="mode"' in await example.get("/")


async def test_a_connection_that_has_ended_is_made_anew(world: World, example: Example) -> None:
    """Cronofy knows neither token any more: the refresh is refused, and the person is asked."""
    await world.consent("read_write")
    await example.get("/connect")
    await _order(world, "/_emulator/reset")
    page = await example.get("/")
    assert "Please connect the calendar again." in page
    assert "Connect a calendar" in page


async def _order(world: World, path: str) -> None:
    async with world.session.post(world.emulator + path, json={}) as reply:
        assert reply.status < 300, await reply.text()


async def test_no_token_and_no_secret_is_shown_or_logged(world: World, example: Example, issued: list[str]) -> None:
    await world.consent("free_busy")
    page = await example.get("/connect")
    form = fields_of(page)
    await example.post("/events", {**form, "conference": "on"})
    await example.post("/events", {**form, "calendar": "cal_unknown"}, status=502)
    await example.post("/disconnect", form)

    told = "\n".join([*example.seen, example.log.read_text(encoding="utf-8")])
    assert len(issued) >= 3
    assert [secret for secret in (*issued, SECRETS[ADDING], "k" * 32) if secret in told] == []
