"""Bindings: a token is its clients' own, by a hash."""

from gateway.flows.bindings import ACCESS_KEPT_AFTER_EXPIRY, Bindings, Held
from gateway.rules.token_reply import read_token_reply
from tests.clock import FakeClock
from tests.flows.fakes import client, kit, token_reply

A, B = client("a"), client("b")
TOKENS = read_token_reply(token_reply().body)


async def test_both_tokens_are_bound_and_neither_rests(clock: FakeClock) -> None:
    one = kit(clock)
    await one.bindings.remember(A, TOKENS, account="acc_1", scope="free_busy_write")

    for token in ("access-1", "refresh-1"):
        found = await one.bindings.find(token)
        assert found is not None
        assert (found.clients, found.account) == (("a",), "acc_1")
    at_rest = repr(one.store._records)
    assert not any(word in at_rest for word in ("access-1", "refresh-1", "acc_1"))


async def test_the_same_token_can_be_two_clients_own(clock: FakeClock) -> None:
    """Cronofy hands the same refresh token to everybody who connects the account through the application."""
    one = kit(clock)
    for each in (A, B, A):
        await one.bindings.remember(each, TOKENS, account="acc_1", scope="free_busy_write")
    found = await one.bindings.find("refresh-1")
    assert found is not None
    assert found.clients == ("a", "b")

    await one.bindings.forget_account(A, "acc_1")
    found = await one.bindings.find("refresh-1")
    assert found is not None
    assert found.clients == ("b",)
    assert not await one.bindings.has_account(A, "acc_1")
    assert await one.bindings.has_account(B, "acc_1")


async def test_forgetting_one_token_leaves_the_others(clock: FakeClock) -> None:
    one = kit(clock)
    await one.bindings.remember(A, TOKENS, account="acc_1", scope="s")
    await one.bindings.forget(A, "access-1")

    assert await one.bindings.find("access-1") is None
    assert await one.bindings.find("refresh-1") is not None
    await one.bindings.forget(A, "never seen")


async def test_an_access_token_is_forgotten_after_its_expiry_a_refresh_token_is_not(clock: FakeClock) -> None:
    one = kit(clock)
    await one.bindings.remember(A, TOKENS, account="acc_1", scope="s")
    clock.pass_time(3600 + ACCESS_KEPT_AFTER_EXPIRY + 1)

    assert await one.bindings.find("access-1") is None
    assert await one.bindings.find("refresh-1") is not None


async def test_an_account_learnt_once_is_not_lost_by_a_refresh_that_does_not_name_it(clock: FakeClock) -> None:
    one = kit(clock)
    await one.bindings.remember(A, TOKENS, account="acc_1", scope="s")
    await one.bindings.remember(A, TOKENS, account="", scope="s")
    found = await one.bindings.find("refresh-1")
    assert found is not None
    assert found.account == "acc_1"


async def test_what_was_found_is_remembered_for_two_seconds_at_most(clock: FakeClock) -> None:
    """Another process may have revoked it."""
    one = kit(clock)
    await one.bindings.remember(A, TOKENS, account="acc_1", scope="s")
    for key in list(one.store._records):
        await one.store.delete(*key)

    assert await one.bindings.find("access-1") is not None
    clock.pass_time(2.1)
    assert await one.bindings.find("access-1") is None


async def test_what_apps_hold_of_an_account_is_told_by_client_with_the_newest_time(clock: FakeClock) -> None:
    one = kit(clock)
    began = clock.now()
    await one.bindings.remember(A, TOKENS, account="acc_1", scope="old")
    await one.bindings.remember(B, read_token_reply(token_reply("x", "y").body), account="acc_2", scope="s")
    clock.pass_time(100)
    newer = read_token_reply(token_reply("access-2", "refresh-2").body)
    await one.bindings.remember(A, newer, account="acc_1", scope="new")
    await one.bindings.remember(B, newer, account="acc_1", scope="new")

    assert await one.bindings.held("main", "acc_1") == [Held("a", "new", began + 100), Held("b", "new", began + 100)]
    assert await one.bindings.held("main", "acc_3") == []
    assert await one.bindings.held("other", "acc_1") == []


async def test_forgetting_an_account_says_how_many_bindings_the_client_was_in(clock: FakeClock) -> None:
    one = kit(clock)
    for each in (A, B):
        await one.bindings.remember(each, TOKENS, account="acc_1", scope="s")
    await one.bindings.remember(B, read_token_reply(token_reply("x", "y").body), account="acc_1", scope="s")

    assert await one.bindings.forget_account(A, "acc_1") == 2
    assert await one.bindings.forget_account(A, "acc_1") == 0
    assert await one.bindings.forget_account(B, "acc_1") == 4
    assert await one.store.list_ids("binding") == []


async def test_an_imported_token_stays_one_whoever_binds_it_again(clock: FakeClock) -> None:
    """The drop-in door binds anew what it hands out; the app may still come with the old one."""
    one = kit(clock)
    await one.bindings.remember_imported(A, "refresh-1", account="acc_1", scope="free_busy_write")
    await one.bindings.remember(A, TOKENS, account="acc_1", scope="free_busy_write")
    found = await one.bindings.find("refresh-1")
    assert found is not None
    assert (found.imported, found.clients) == (True, ("a",))
    other = await one.bindings.find("access-1")
    assert other is not None
    assert not other.imported


async def test_a_token_is_of_whom_it_was_handed_to_as_the_store_knows_it_now(clock: FakeClock) -> None:
    """What is asked here in vain is not remembered as unknown: the token may be handed out at this moment."""
    one = kit(clock)
    elsewhere = Bindings(one.records, clock)
    assert not await one.bindings.is_of(A, "refresh-1")
    await elsewhere.remember(A, TOKENS, account="acc_1", scope="free_busy_write")
    assert await one.bindings.is_of(A, "refresh-1")
    assert not await one.bindings.is_of(B, "refresh-1")
    assert await one.bindings.find("refresh-1") is not None
