"""What operators see of the store: every account and session once, no secret, and nothing for ever."""

from collections.abc import AsyncGenerator
from typing import Any, TypeVar

import pytest

from gateway.flows.bindings import REFRESH_KEPT
from gateway.flows.inventory import HELD_BY_THE_APP, AccountLine, Inventory, Which, Whose
from gateway.flows.own_sessions import session_id
from gateway.flows.ports import ApiReply
from gateway.flows.registry import Registry
from gateway.flows.sessions import Sessions
from gateway.flows.stored_connection import Stored
from gateway.rules.access_mode import AccessMode, Profile
from gateway.rules.client import Application, Client
from gateway.rules.session_times import Lifetimes
from gateway.rules.token_reply import read_token_reply
from tests.clock import FakeClock
from tests.flows.fakes import APPLICATION, Kit, client, connected, kit, token_reply, vault

A, B = client("a"), client("b")
OTHER = Application("other", "other-id", "other-secret", APPLICATION.hosts)
C = client("c", application="other")
KEPT = 86_400.0  # the kit's connection_kept

T = TypeVar("T")


class Looked:
    """Notes what a walk tells of how far it is."""

    def __init__(self) -> None:
        self.pages: list[int] = []

    def __call__(self, number: int) -> None:
        self.pages.append(number)


def inventory(one: Kit) -> Inventory:
    known = Registry([APPLICATION, OTHER], (A, B, C))
    sessions = Sessions(one.records, one.clock, Lifetimes(3_600, 36_000))
    return Inventory(one.records, known, sessions, one.connections, one.bindings, one.modes, one.clock)


async def every(lines: AsyncGenerator[T, None]) -> list[T]:
    return [one async for one in lines]


async def signed_in(one: Kit, whose: Client, account: str = "acc_1", profile: str = "pro_1") -> str:
    """Connect somebody and return the name of the session's record."""
    stored = await connected(one, whose, sub=account)
    data: dict[str, Any] = {"connection": stored.id, "account": account, "profile": {"profile_id": profile}}
    book = inventory(one).sessions
    return book.name_of(whose, await book.create(whose, data))


async def held_by_app(one: Kit, whose: Client, account: str, number: int = 1, scope: str = "s") -> None:
    tokens = read_token_reply(token_reply(f"access-{account}-{number}", f"refresh-{account}-{number}").body)
    await one.bindings.remember(whose, tokens, account=account, scope=scope)


async def accounts(one: Kit, whose: str = "") -> list[AccountLine]:
    return await every(inventory(one).accounts(whose, Looked()))


async def test_each_client_and_account_is_one_line_with_what_an_operator_asks_for(clock: FakeClock) -> None:
    one = kit(clock)
    for _ in range(2):
        await signed_in(one, A)
    lost = await connected(one, B)
    await one.connections.require_reconnect(lost, lost_by="refused")
    await one.modes.learn(APPLICATION, "acc_1", Profile("pro_1", AccessMode.FREE_BUSY))
    found = {line.whose: line for line in await accounts(one)}

    assert found == {
        Whose("a", "main", "acc_1"): AccountLine(
            Whose("a", "main", "acc_1"), "active", "", "free_busy_write", "free_busy", 2, 0, clock.now()
        ),
        Whose("b", "main", "acc_1"): AccountLine(
            Whose("b", "main", "acc_1"),
            "reconnect_required",
            "refused",
            "free_busy_write",
            "free_busy",
            0,
            0,
            clock.now(),
        ),
    }


async def test_an_account_that_only_an_app_knows_is_one_line_however_many_tokens_it_has(clock: FakeClock) -> None:
    one = kit(clock)
    for number in range(5):
        clock.pass_time(10)
        await held_by_app(one, A, "acc_1", number, scope=f"s{number}")
    await held_by_app(one, B, "acc_1", 9)
    await held_by_app(one, A, "")  # adopted: whose it is was never learnt
    found = {line.whose.client: line for line in await accounts(one)}

    assert len(await accounts(one)) == 2
    assert (found["a"].state, found["a"].scope, found["a"].refreshed_at) == (HELD_BY_THE_APP, "s4", clock.now())
    assert (found["b"].state, found["b"].sessions, found["b"].modes) == (HELD_BY_THE_APP, 0, "unknown")


async def test_an_account_that_is_connected_and_held_is_one_line(clock: FakeClock) -> None:
    one = kit(clock)
    await held_by_app(one, A, "acc_1")
    await signed_in(one, A)
    assert [(line.whose.client, line.state) for line in await accounts(one)] == [("a", "active")]


async def test_a_client_is_shown_its_own_only(clock: FakeClock) -> None:
    one = kit(clock)
    for whose in (A, B, C):
        await signed_in(one, whose)
        await held_by_app(one, whose, "acc_2")
    found = await accounts(one, "c")

    assert {line.whose for line in found} == {Whose("c", "other", "acc_1"), Whose("c", "other", "acc_2")}
    assert await accounts(one, "nobody") == []


async def test_a_service_account_has_no_mode(clock: FakeClock) -> None:
    one = kit(clock)
    await connected(one, A, sub="ser_1", linking_profile=None)
    (line,) = await accounts(one)
    assert line.modes == "not_applicable"


async def test_a_walk_tells_of_every_page_and_meets_every_account(clock: FakeClock) -> None:
    one = kit(clock)
    for number in range(1_100):
        await connected(one, A, sub=f"acc_{number}")
    looked = Looked()
    found = await every(inventory(one).accounts("", looked))

    assert len({line.whose for line in found}) == len(found) == 1_100
    assert sum(looked.pages) == 1_100
    assert max(looked.pages) <= 500


async def test_sessions_are_found_by_client_account_and_id(clock: FakeClock) -> None:
    one = kit(clock)
    names = [
        await signed_in(one, A),
        await signed_in(one, B),
        await signed_in(one, C),
        await signed_in(one, A, "acc_2"),
    ]
    first, second, third, fourth = names

    for which, meant in (
        (Which(), names),
        (Which(client="a"), [first, fourth]),
        (Which(account="acc_1"), [first, second, third]),
        (Which("a", "acc_1"), [first]),
        (Which("c", "acc_1"), [third]),
        (Which(id=session_id(second)), [second]),
        (Which(account="acc_1", id=session_id(second)), [second]),
        (Which("a", id=session_id(second)), []),
        (Which("nobody"), []),
        (Which(account="acc_3"), []),
        (Which(id=first), []),
    ):
        assert sorted(await every(inventory(one).session_names(which, Looked()))) == sorted(meant), which


async def test_a_session_is_shown_with_its_client_until_it_ends(clock: FakeClock) -> None:
    one = kit(clock)
    name = await signed_in(one, A)
    (found,) = await every(inventory(one).sessions_of(Which(), Looked()))
    assert (found.client, found.facts.id, found.facts.account) == ("a", session_id(name), "acc_1")

    clock.pass_time(3_600)
    assert await every(inventory(one).sessions_of(Which(account="acc_1"), Looked())) == []
    assert await inventory(one).session(name) is None


async def test_an_account_is_shown_whole_or_one_clients_part_of_it(clock: FakeClock) -> None:
    one = kit(clock)
    await signed_in(one, A)
    await held_by_app(one, A, "acc_1")
    await held_by_app(one, B, "acc_1")
    await signed_in(one, C)
    await signed_in(one, A, "acc_2")
    await one.modes.learn(APPLICATION, "acc_1", Profile("pro_1", AccessMode.READ_WRITE, name="ada@x.test"))
    main, other = await inventory(one).account("acc_1", "")

    assert (main.application, other.application) == ("main", "other")
    assert [(line.whose.client, line.state) for line in main.lines] == [("a", "active"), ("b", HELD_BY_THE_APP)]
    assert [profile.name for profile in main.profiles] == ["ada@x.test"]
    assert [session.client for session in main.sessions] == ["a"]
    assert other.profiles == ()
    (part,) = await inventory(one).account("acc_1", "b")
    assert ([line.whose.client for line in part.lines], part.sessions) == (["b"], ())
    assert await inventory(one).account("acc_3", "") == []


async def refreshed(one: Kit) -> Stored:
    """Sign somebody in and use the connection past its token's end, so that the journal knows it too."""
    await signed_in(one, A)
    await held_by_app(one, A, "acc_2")
    (stored,) = await one.connections.of_account("main", "acc_1")
    one.clock.pass_time(3_600)
    one.cronofy.tokens.append(token_reply("access-2", "refresh-2", sub=None))
    await vault(one, A).fresh(stored.id)
    return stored


async def test_a_connection_that_nobody_uses_is_forgotten_and_so_is_the_account(clock: FakeClock) -> None:
    """Neither the journal of its refreshes nor what the drop-in door remembers keeps it in the list for ever."""
    one = kit(clock)
    await refreshed(one)
    assert {line.whose.account for line in await accounts(one)} == {"acc_1", "acc_2"}
    assert len(await one.store.list_ids("refresh")) == 1

    clock.pass_time(KEPT)
    assert {line.whose.account for line in await accounts(one)} == {"acc_2"}
    assert await inventory(one).account("acc_1", "") == []
    clock.pass_time(REFRESH_KEPT - KEPT)
    assert await accounts(one) == []
    await one.store.delete_expired()
    assert one.store._records == {}


async def test_a_refresh_keeps_a_connection_for_as_long_again(clock: FakeClock) -> None:
    one = kit(clock)
    stored = await refreshed(one)
    clock.pass_time(KEPT - 1)
    one.cronofy.tokens.append(token_reply("access-3", "refresh-3", sub=None))
    await vault(one, A).fresh(stored.id)
    clock.pass_time(KEPT - 1)

    assert "acc_1" in {line.whose.account for line in await accounts(one)}


async def test_a_connection_that_cronofy_ended_is_kept_to_be_told_and_no_longer(clock: FakeClock) -> None:
    one = kit(clock)
    stored = await refreshed(one)
    clock.pass_time(3_600)
    one.cronofy.tokens.append(ApiReply(400, b'{"error":"invalid_grant"}'))
    with pytest.raises(Exception, match="reconnect_required"):
        await vault(one, A).fresh(stored.id)
    assert [line.lost_by for line in await accounts(one, "a") if line.lost_by] == ["refused"]

    clock.pass_time(KEPT)
    assert "acc_1" not in {line.whose.account for line in await accounts(one)}


async def test_a_line_counts_the_clients_own_handles(clock: FakeClock) -> None:
    one = kit(clock)
    for whose in (A, B):
        await connected(one, whose)
    await one.handles.issue("refresh", A, "acc_1", "c-1")
    await one.handles.issue("access", A, "acc_1", "c-1", lives=60)

    assert {line.whose.client: line.handles for line in await accounts(one)} == {"a": 2, "b": 0}
