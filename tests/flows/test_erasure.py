"""Erasing an account: at Cronofy first, then all of it here; with a client only that client's part."""

from typing import Any

import pytest

from gateway.adapters.store_memory import MemoryStore
from gateway.flows.disconnects import Disconnects, Ended
from gateway.flows.erasure import Erased, Erasure
from gateway.flows.ports import ApiReply
from gateway.flows.refresh_journal import Entry, RefreshJournal, account_of
from gateway.flows.registry import Registry
from gateway.flows.sessions import Sessions
from gateway.flows.stored_connection import connection_id
from gateway.rules.access_mode import AccessMode, Profile
from gateway.rules.client import Application, Client
from gateway.rules.errors import CronofyUnavailable, StoreUnavailable
from gateway.rules.session_times import Lifetimes
from gateway.rules.token_reply import read_token_reply
from tests.clock import FakeClock
from tests.flows.fakes import APPLICATION, Kit, StoreAway, client, connected, delegations, kit, token_reply, vault

A, B = client("a"), client("b")
OTHER = Application("other", "other-id", "other-secret", APPLICATION.hosts)
C = client("c", application="other")
KINDS = ("session", "connection", "binding", "refresh", "modes")


def erasure(one: Kit, *more: Client) -> Erasure:
    known = Registry([APPLICATION, OTHER], (A, B, C, *more))
    disconnects = Disconnects(
        one.connections, one.bindings, one.modes, vault(one, A, B), one.cronofy, delegations(one, known)
    )
    sessions = Sessions(one.records, one.clock, Lifetimes(3_600, 36_000))
    return Erasure(one.records.store, known, sessions, one.bindings, disconnects, one.handles)


async def in_use(one: Kit, whose: Client, account: str = "acc_1", profile: str = "pro_1") -> None:
    """Fill the store with all that comes of a client's use of both doors: two browsers, an app, a refresh."""
    application = APPLICATION if whose.application == "main" else OTHER
    name = f"{whose.id}-{account}"
    stored = await connected(one, whose, sub=account, refresh_token=name)
    data: dict[str, Any] = {"connection": stored.id, "account": account, "profile": {"profile_id": profile}}
    for _ in range(2):
        await erasure(one).sessions.create(whose, data)
    tokens = read_token_reply(token_reply(f"access-{name}", f"refresh-{name}").body)
    await one.bindings.remember(whose, tokens, account=account, scope="s")
    journal = RefreshJournal(one.records, one.clock, kept=86_400)
    await journal.write(name, account_of(application, account), Entry("answered", one.clock.now(), rotated=True))
    await one.modes.learn(application, account, Profile(profile, AccessMode.READ_WRITE))


async def counts(one: Kit) -> dict[str, int]:
    return {kind: len(await one.store.list_ids(kind)) for kind in KINDS}


async def test_of_an_erased_account_nothing_is_left(clock: FakeClock) -> None:
    one = kit(clock)
    for whose in (A, B):
        await in_use(one, whose)
    assert all((await counts(one)).values())
    assert await erasure(one).erase("acc_1", None, keep_at_cronofy=False) == [
        Erased("main", Ended.AUTHORIZATION, sessions=4, handles=0, connections=2, bindings=4, others=False)
    ]

    assert await counts(one) == dict.fromkeys(KINDS, 0)
    assert [(what, sent["sub"]) for what, sent in one.cronofy.asked] == [("revoke main", "acc_1")]


async def test_another_account_keeps_everything(clock: FakeClock) -> None:
    one = kit(clock)
    await in_use(one, A, "acc_2")
    before = dict(one.store._records)
    await in_use(one, A)
    await erasure(one).erase("acc_1", None, keep_at_cronofy=False)

    assert one.store._records == before


async def test_erasing_twice_is_no_error_and_asks_cronofy_once(clock: FakeClock) -> None:
    one = kit(clock)
    await in_use(one, A)
    await erasure(one).erase("acc_1", None, keep_at_cronofy=False)
    for whose in (None, A):
        assert await erasure(one).erase("acc_1", whose, keep_at_cronofy=False) == []
    assert one.cronofy.count("revoke") == 1


@pytest.mark.parametrize("whose", [None, A])
@pytest.mark.parametrize("status", [500, 400, 429])
async def test_while_cronofy_does_not_carry_it_out_nothing_is_erased(
    clock: FakeClock, whose: Client | None, status: int
) -> None:
    """Afterwards nobody would know any more what is to be ended there."""
    one = kit(clock)
    await in_use(one, A)
    before = dict(one.store._records)
    one.cronofy.revocations.append(ApiReply(status, b""))
    with pytest.raises(CronofyUnavailable):
        await erasure(one).erase("acc_1", whose, keep_at_cronofy=False)

    assert one.store._records == before


async def test_on_two_applications_all_is_ended_at_cronofy_before_any_is_erased(clock: FakeClock) -> None:
    one = kit(clock)
    await in_use(one, A)
    await in_use(one, C)
    before = await counts(one)
    one.cronofy.revocations.extend([ApiReply(200, b""), ApiReply(503, b"")])
    with pytest.raises(CronofyUnavailable):
        await erasure(one).erase("acc_1", None, keep_at_cronofy=False)
    assert await counts(one) == {**before, "modes": 1}  # what Cronofy has ended is in no mode any more

    erased = await erasure(one).erase("acc_1", None, keep_at_cronofy=False)
    assert [(each.application, each.connections) for each in erased] == [("main", 1), ("other", 1)]
    assert await counts(one) == dict.fromkeys(KINDS, 0)


@pytest.mark.parametrize("whose", [None, A])
async def test_it_can_be_erased_here_only(clock: FakeClock, whose: Client | None) -> None:
    one = kit(clock)
    await in_use(one, A)
    (erased,) = await erasure(one).erase("acc_1", whose, keep_at_cronofy=True)

    assert erased.at_cronofy is None
    assert one.cronofy.asked == []
    assert await counts(one) == dict.fromkeys(KINDS, 0)


async def test_one_clients_part_leaves_what_another_client_needs(clock: FakeClock) -> None:
    """The journal leads on from an old refresh token to the new one, which both clients may be holding."""
    one = kit(clock)
    await in_use(one, A, profile="pro_1")
    await in_use(one, B, profile="pro_2")
    (erased,) = await erasure(one).erase("acc_1", A, keep_at_cronofy=False)

    assert erased == Erased("main", Ended.PROFILES, sessions=2, handles=0, connections=1, bindings=2, others=True)
    assert [what for what in one.cronofy.asked if what[0].startswith("profile")] == [
        ("profile main", ("access-1", "pro_1"))
    ]
    assert one.cronofy.count("revoke") == 0
    left = await counts(one)
    assert (left["session"], left["connection"], left["binding"], left["refresh"]) == (2, 1, 2, 2)
    assert await one.connections.load(connection_id(B, "acc_1")) is not None
    assert await one.bindings.has_account(B, "acc_1")


async def test_one_clients_part_is_all_where_the_client_is_alone(clock: FakeClock) -> None:
    one = kit(clock)
    await in_use(one, A)
    (erased,) = await erasure(one).erase("acc_1", A, keep_at_cronofy=False)

    assert (erased.at_cronofy, erased.others) == (Ended.AUTHORIZATION, False)
    assert await counts(one) == dict.fromkeys(KINDS, 0)


@pytest.mark.parametrize("whose", [None, A])
async def test_an_account_that_only_an_app_holds_is_erased_too(clock: FakeClock, whose: Client | None) -> None:
    one = kit(clock)
    tokens = read_token_reply(token_reply().body)
    await one.bindings.remember(A, tokens, account="acc_1", scope="s")
    (erased,) = await erasure(one).erase("acc_1", whose, keep_at_cronofy=False)

    assert (erased.at_cronofy, erased.connections, erased.bindings) == (Ended.AUTHORIZATION, 0, 2)
    assert one.cronofy.asked[-1][1]["sub"] == "acc_1"
    assert await one.bindings.find("refresh-1") is None


async def test_an_account_of_another_client_is_not_touched_by_a_clients_erasure(clock: FakeClock) -> None:
    one = kit(clock)
    await in_use(one, B)
    before = dict(one.store._records)
    for whose in (A, C):
        assert await erasure(one).erase("acc_1", whose, keep_at_cronofy=False) == []

    assert (one.store._records, one.cronofy.asked) == (before, [])


@pytest.mark.parametrize("whose", [None, A])
async def test_an_erasure_that_was_broken_off_can_be_asked_for_again(clock: FakeClock, whose: Client | None) -> None:
    """What makes the account known goes last, so however far it came, the rest is found."""
    for most in range(7):
        one = kit(clock)
        await in_use(one, A)
        _break_off_after(one, most)
        with pytest.raises(StoreUnavailable):
            await erasure(one).erase("acc_1", whose, keep_at_cronofy=False)
        one.records.store = MemoryStore(clock)
        one.records.store._records = one.store._records
        assert await erasure(one).erase("acc_1", whose, keep_at_cronofy=False) != [], most
        assert await counts(one) == dict.fromkeys(KINDS, 0), most


def _break_off_after(one: Kit, deletions: int) -> None:
    """Let the store be away after so many deletions."""
    away = StoreAway(one.store, "delete", "list_ids")
    away.is_away = False
    left, delete = deletions, one.store.delete

    async def counting(*arguments: Any, **more: Any) -> bool:
        nonlocal left
        if left == 0:
            away.is_away = True
            raise StoreUnavailable("away")
        left -= 1
        return await delete(*arguments, **more)

    one.store.delete = counting  # type: ignore[method-assign]
    one.records.store = away


async def test_handles_are_erased_with_their_account(clock: FakeClock) -> None:
    one = kit(clock)
    for whose, account in ((A, "acc_1"), (A, "acc_1"), (B, "acc_1"), (A, "acc_2")):
        await one.handles.issue("refresh", whose, account, "c-1")
    (part,) = await erasure(one).erase("acc_1", A, keep_at_cronofy=True)
    assert (part.handles, len(await one.store.list_ids("handle"))) == (2, 2)
    (whole,) = await erasure(one).erase("acc_1", None, keep_at_cronofy=True)

    assert (whole.handles, len(await one.store.list_ids("handle"))) == (1, 1)


async def test_the_profiles_that_a_connection_remembers_are_the_clients_own(clock: FakeClock) -> None:
    """Where no browser ever signed in there is no session to know them by."""
    one = kit(clock)
    for whose in (A, B):
        await connected(one, whose)
    (erased,) = await erasure(one).erase("acc_1", A, keep_at_cronofy=False)

    assert (erased.at_cronofy, erased.others) == (Ended.PROFILES, True)
    assert one.cronofy.asked == [("profile main", ("access-1", "pro_1"))]
