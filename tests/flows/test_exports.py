"""What an export writes is what an import reads, and it names no token unless it is told to."""

import json
from typing import Any

from gateway.flows.connections import Connections
from gateway.flows.exports import Exports
from gateway.flows.import_runs import ImportRun
from gateway.rules.client import Client
from gateway.rules.import_outcomes import Outcome, Result
from tests.clock import FakeClock
from tests.flows.fakes import APPLICATION, Kit, client, connected, kit, refreshes, registry, userinfo_reply
from tests.flows.moving import Crowd, answer, imports, lines

APP, OTHER = client(), client("other")


async def exported(one: Kit, whose: Client = APP, *, account: str = "", with_tokens: bool = False) -> list[Any]:
    story = Exports(registry(APP, OTHER), one.connections, refreshes(one).journal, one.modes)
    return [line async for line in story.walk(whose, account=account, with_tokens=with_tokens)]


async def test_a_line_says_all_but_the_tokens(clock: FakeClock) -> None:
    one = kit(clock)
    await connected(one, APP)
    await connected(one, OTHER, sub="acc_2")
    one.cronofy.userinfos.append(userinfo_reply("acc_1", pro_1="google_free_busy"))
    await one.modes.look_up(APPLICATION, "access-1")
    plain = {
        "client": "app",
        "application": "main",
        "sub": "acc_1",
        "state": "active",
        "scope": "free_busy_write",
        "expires_at": clock.now() + 3600,
        "profiles": [{"profile_id": "pro_1", "profile_name": "", "access_mode": "free_busy", "connected": True}],
    }
    assert await exported(one) == [plain]
    assert await exported(one, with_tokens=True) == [
        {**plain, "access_token": "access-1", "refresh_token": "refresh-1"}
    ]


async def test_one_account_alone_can_be_asked_for(clock: FakeClock) -> None:
    one = kit(clock)
    for account in ("acc_1", "acc_2"):
        await connected(one, APP, sub=account)
    assert [line["sub"] for line in await exported(one, account="acc_2")] == ["acc_2"]
    assert await exported(one, account="acc_3") == []
    assert await exported(one, OTHER, account="acc_2") == []


async def test_a_lost_connection_says_so(clock: FakeClock) -> None:
    one = kit(clock)
    await one.connections.require_reconnect(await connected(one, APP), lost_by="refused")
    assert [line["state"] for line in await exported(one)] == ["reconnect_required"]


async def test_tokens_that_the_app_has_refreshed_itself_are_the_newest(clock: FakeClock) -> None:
    """The drop-in door hands new tokens to the app and leaves the connection as it was; the journal knows them."""
    one = kit(clock)
    await connected(one, APP)
    one.cronofy.tokens.extend([answer("access-2", "refresh-2"), answer("access-3", "refresh-3", scope=None)])
    for token in ("refresh-1", "refresh-2"):
        clock.pass_time(3600)
        await refreshes(one).ask(APPLICATION, token)
    (line,) = await exported(one, with_tokens=True)
    assert (line["access_token"], line["refresh_token"]) == ("access-3", "refresh-3")
    assert (line["expires_at"], line["scope"]) == (clock.now() + 3600, "free_busy_write")


async def test_what_cannot_be_opened_is_counted(clock: FakeClock) -> None:
    one = kit(clock)
    spoilt = await connected(one, APP)
    await connected(one, APP, sub="acc_2")
    record = await one.store.get("connection", spoilt.id)
    assert record is not None
    await one.store.reseal("connection", spoilt.id, record, b"spoilt", "")
    lines_written = await exported(one)
    assert sorted(line["sub"] if line else "" for line in lines_written) == ["", "acc_2"]


async def test_pages_of_the_store_make_one_export(clock: FakeClock, monkeypatch: Any) -> None:
    monkeypatch.setattr("gateway.flows.connections._PAGE", 3)
    one = kit(clock)
    for n in range(10):
        await connected(one, APP if n % 2 else OTHER, sub=f"acc_{n}")
    assert isinstance(one.connections, Connections)
    assert sorted(line["sub"] for line in await exported(one)) == [f"acc_{n}" for n in (1, 3, 5, 7, 9)]


async def test_what_is_exported_can_be_imported_elsewhere(clock: FakeClock) -> None:
    """Two gateways with stores and keys of their own, one Cronofy."""
    here, there = kit(clock), kit(clock)
    here.cronofy = there.cronofy = Crowd(people={f"old-{n}": f"acc_{n}" for n in range(5)})
    results: list[Result] = []
    first = ImportRun(imports(here), APP, results.append)
    await first.over(iter(lines(*({"refresh_token": f"old-{n}"} for n in range(5)))), parallel=2)
    written = [json.loads(json.dumps(line)) for line in await exported(here, with_tokens=True)]
    second = ImportRun(imports(there), APP, results.append)
    await second.over(iter(lines(*written)), parallel=2)

    assert [result.outcome for result in results] == [Outcome.IMPORTED] * 10
    moved = await exported(there)
    known = ("client", "application", "sub", "state", "scope", "profiles")
    assert sorted(str([line[name] for name in known]) for line in moved) == sorted(
        str([line[name] for name in known]) for line in written
    )
