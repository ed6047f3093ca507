"""An app moves behind the gateway: everybody is imported while the gateway serves, and nobody notices.

Refresh tokens are replaced at each use here, which is the harder of the two things that Cronofy may do.
"""

import asyncio
import json
import signal
import stat
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from tests.journeys.crowd import Cronofy, Person, open_cronofy
from tests.journeys.processes import SECRET, Ended, Served, end_of, serving, settings_file, start
from tests.journeys.waiting import until, until_told
from tests.journeys.world import MODE

OTHER: Final = '[clients.other]\nsecrets = ["another-client-secret-0123456789"]\n'
FASTEST: Final = ("--rate", "50", "--parallel", "8")


@pytest.fixture
async def cronofy() -> AsyncIterator[Cronofy]:
    async with open_cronofy() as opened:
        yield opened


def write(folder: Path, people: Sequence[Person], *, name: str = "people.jsonl", with_sub: bool = True) -> Path:
    """Write what the app's database holds, as a line of SQL would."""
    path = folder / name
    lines = [{"refresh_token": one.refresh_token, **({"sub": one.sub} if with_sub else {})} for one in people]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


async def begin(folder: Path, file: Path, *options: str, report: str = "report.jsonl") -> asyncio.subprocess.Process:
    config = str(folder / "gateway.toml")
    words = ("--client", "my-app", "--config", config, "--report", str(folder / report), *options)
    return await start("connections", "import", str(file), *words)


async def bring_in(folder: Path, file: Path, *options: str) -> tuple[Ended, Counter[str]]:
    """Import a file to its end; return what was said, and how often each outcome is in the report."""
    ended = await end_of(await begin(folder, file, *options), patience=60)
    return ended, Counter(line["outcome"] for line in reported(folder))


def reported(folder: Path) -> list[dict[str, Any]]:
    path = folder / "report.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


async def refresh(served: Served, token: str, *, client: str = "my-app", secret: str = SECRET) -> dict[str, Any]:
    """Refresh at the gateway, as the app does."""
    body = {"client_id": client, "client_secret": secret, "grant_type": "refresh_token", "refresh_token": token}
    async with served.session.post(f"{served.public}/oauth/token", json=body) as reply:
        answered: dict[str, Any] = await reply.json()
        return answered


async def mode_of(served: Served, token: str) -> str:
    """Call the gateway with an access token and return the mode that it names."""
    headers = {"Authorization": f"Bearer {token}"}
    async with served.session.get(f"{served.public}/v1/calendars", headers=headers) as reply:
        assert reply.status == 200, await reply.text()
        return reply.headers[MODE]


def assert_silent(people: Sequence[Person], folder: Path, ended: Ended) -> None:
    """No token of anybody was said."""
    said = ended.out + ended.err + (folder / "report.jsonl").read_text()
    for one in people:
        assert one.refresh_token not in said
        assert one.access_token not in said


async def test_two_hundred_people_move_in_and_go_on(tmp_path: Path, cronofy: Cronofy) -> None:
    people = await cronofy.connect(200, "free_busy")
    file = write(tmp_path, people, with_sub=False)
    async with serving(tmp_path, cronofy_url=cronofy.url, more=OTHER) as served:
        assert (await refresh(served, people[0].refresh_token))["error"] == "invalid_grant"
        await cronofy.forget_seen()
        ended, outcomes = await bring_in(tmp_path, file, *FASTEST)
        assert (ended.code, outcomes) == (0, {"imported": 200}), ended
        assert {line["sub"] for line in reported(tmp_path)} == {one.sub for one in people}
        assert (await cronofy.seen("/oauth/token"), await cronofy.seen("/v1/userinfo")) == (200, 200)
        assert_silent(people, tmp_path, ended)

        for one in people[::40]:
            # Cronofy has replaced it, and the app does not know.
            status, _ = await cronofy.token(grant_type="refresh_token", refresh_token=one.refresh_token)
            assert status == 400
            tokens = await refresh(served, one.refresh_token)
            assert await mode_of(served, tokens["access_token"]) == "free_busy"
            again = await refresh(served, tokens["refresh_token"])
            assert await mode_of(served, again["access_token"]) == "free_busy"
            secret = "another-client-secret-0123456789"
            assert (await refresh(served, one.refresh_token, client="other", secret=secret))["error"] == "invalid_grant"

        await cronofy.forget_seen()
        ended, outcomes = await bring_in(tmp_path, file)
        assert (ended.code, outcomes) == (0, {"already_there": 200}), ended
        assert await cronofy.seen("/oauth/token") == 0


async def test_an_app_that_is_already_behind_the_gateway_may_refresh_meanwhile(
    tmp_path: Path, cronofy: Cronofy
) -> None:
    """Import and gateway are two nodes over one store: each refresh token is used once."""
    people = await cronofy.connect(40)
    file = write(tmp_path, people)
    async with serving(tmp_path, cronofy_url=cronofy.url) as served:
        await cronofy.forget_seen()
        importing = asyncio.ensure_future(bring_in(tmp_path, file, *FASTEST))
        held: list[dict[str, Any]] = []
        for one in people:
            held.append(await refresh(served, one.refresh_token))
            await until(lambda: importing.done() or len(reported(tmp_path)) > len(held) - 8, patience=20)
        ended, outcomes = await importing
        assert (ended.code, outcomes["failed"]) == (0, 0), ended
        assert await cronofy.seen("/oauth/token") == len(people)
        for tokens in held:
            await mode_of(served, tokens["access_token"])
            assert "access_token" in await refresh(served, tokens["refresh_token"])


async def test_an_interrupted_import_goes_on_where_it_was(tmp_path: Path, cronofy: Cronofy) -> None:
    people = await cronofy.connect(30)
    settings_file(tmp_path, cronofy_url=cronofy.url)
    file = write(tmp_path, people)
    await cronofy.forget_seen()
    process = await begin(tmp_path, file, "--rate", "20")
    await until(lambda: len(reported(tmp_path)) >= 4, patience=15)
    process.send_signal(signal.SIGINT)
    ended = await end_of(process)
    done = len(reported(tmp_path))
    assert (ended.code, 4 <= done < 30) == (1, True), ended
    assert f"{30 - done} lines were not begun" in ended.out
    assert "Traceback" not in ended.err
    assert await cronofy.seen("/oauth/token") == done
    assert_silent(people, tmp_path, ended)

    ended, outcomes = await bring_in(tmp_path, file, *FASTEST)
    assert (ended.code, outcomes) == (0, {"already_there": done, "imported": 30 - done}), ended
    assert await cronofy.seen("/oauth/token") == 30


async def all_asked(cronofy: Cronofy, number: int) -> bool:
    return await cronofy.seen("/v1/userinfo") == number


async def test_a_killed_import_loses_nobody(tmp_path: Path, cronofy: Cronofy) -> None:
    """Cronofy has replaced the tokens, nothing is stored: the journal has the answers."""
    people = await cronofy.connect(4)
    settings_file(tmp_path, cronofy_url=cronofy.url)
    file = write(tmp_path, people)
    await cronofy.forget_seen()
    await cronofy.order("/v1/userinfo", status=503, times=4)
    process = await begin(tmp_path, file, *FASTEST)
    # Each line waits some seconds before it asks userinfo again.
    await until_told(lambda: all_asked(cronofy, 4))
    process.kill()
    await process.communicate()
    assert reported(tmp_path) == []

    ended, outcomes = await bring_in(tmp_path, file, *FASTEST)
    assert (ended.code, outcomes) == (0, {"imported": 4}), ended
    assert await cronofy.seen("/oauth/token") == 4


async def test_people_move_on_to_another_gateway_by_export_and_import(tmp_path: Path, cronofy: Cronofy) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    settings_file(here, cronofy_url=cronofy.url)
    people = await cronofy.connect(5, "no_access")
    ended, _ = await bring_in(here, write(here, people), *FASTEST)
    assert ended.code == 0, ended
    file = tmp_path / "moving.jsonl"
    words = ("--client", "my-app", "--with-tokens", "--out", str(file), "--config", str(here / "gateway.toml"))
    ended = await end_of(await start("connections", "export", *words))
    assert ended.code == 0, ended
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert {line["sub"]: line["profiles"][0]["access_mode"] for line in lines} == {
        one.sub: "no_access" for one in people
    }

    async with serving(there, cronofy_url=cronofy.url) as served:
        ended, outcomes = await bring_in(there, file, *FASTEST)
        assert (ended.code, outcomes) == (0, {"imported": 5}), ended
        for line in lines:
            tokens = await refresh(served, line["refresh_token"])
            assert await mode_of(served, tokens["access_token"]) == "no_access"


async def test_who_is_lost_is_named(tmp_path: Path, cronofy: Cronofy) -> None:
    """One who has disconnected, one under another's name, one line that is none; the rest moves in."""
    people = await cronofy.connect(4)
    settings_file(tmp_path, cronofy_url=cronofy.url)
    people[1].refresh_token = "this-one-was-revoked-0123456789ab"
    people[2].sub, named = people[0].sub, people[2].sub
    file = write(tmp_path, people)
    file.write_text(file.read_text() + '{"refreshToken": "nobody"}\n')
    ended, outcomes = await bring_in(tmp_path, file, "--parallel", "1", *FASTEST[:2])

    assert (ended.code, outcomes) == (1, {"imported": 2, "failed": 2, "other_account": 1}), ended
    told = {line["line"]: (line["sub"], line["reason"]) for line in reported(tmp_path)}
    assert told[2] == (people[1].sub, "refused by Cronofy: the person has to connect again")
    assert told[3][0] == named
    assert f"belongs to {named}, not {people[0].sub}" in told[3][1]
    assert "refreshToken" in told[5][1]
    assert_silent(people, tmp_path, ended)
