"""What the gateway remembers of element tokens."""

import pytest

from gateway.flows.bindings import account_key
from gateway.flows.element_bindings import ELEMENT_TOKEN, ElementBindings, forget_element_tokens
from gateway.rules.element_tokens import ElementToken
from gateway.rules.errors import StoreUnavailable
from tests.clock import FakeClock
from tests.flows.fakes import Kit, StoreAway, client, kit

A, B = client("a"), client("b")
TOKEN = ElementToken("element-1", frozenset({"agenda"}), "https://app.example", "acc_1", 64_800)
KEY = account_key("main", "acc_1")


def bindings(one: Kit) -> ElementBindings:
    return ElementBindings(one.records, one.clock)


async def test_a_token_is_found_until_it_expires(clock: FakeClock) -> None:
    known = bindings(kit(clock))
    await known.remember(A, TOKEN, account_key=KEY)
    found = await known.find("element-1")

    assert found is not None
    assert (found.client, found.application, found.account) == ("a", "main", "acc_1")
    assert (found.origin, found.permissions) == ("https://app.example", ("agenda",))
    clock.pass_time(64_801)
    assert await known.find("element-1") is None


async def test_the_store_has_neither_token_nor_account_in_the_clear(clock: FakeClock) -> None:
    one = kit(clock)
    await bindings(one).remember(A, TOKEN, account_key=KEY)
    (name,) = await one.store.list_ids(ELEMENT_TOKEN)
    record = await one.store.get(ELEMENT_TOKEN, name)

    assert record is not None
    for word in ("element-1", "acc_1", "app.example"):
        assert word not in f"{name} {record}"


async def test_an_accounts_tokens_go_with_it(clock: FakeClock) -> None:
    """One client's, or everybody's; another account's stay."""
    one = kit(clock)
    known = bindings(one)
    await known.remember(A, TOKEN, account_key=KEY)
    await known.remember(B, ElementToken("element-2", frozenset(), "", "acc_1", 60), account_key=KEY)
    other = account_key("main", "acc_2")
    await known.remember(A, ElementToken("element-3", frozenset(), "", "acc_2", 60), account_key=other)

    await one.bindings.forget_account(A, "acc_1")
    assert [await known.find(f"element-{number}") is not None for number in (1, 2, 3)] == [False, True, True]
    await one.bindings.erase_account("main", "acc_1")
    assert [await known.find(f"element-{number}") is not None for number in (1, 2, 3)] == [False, False, True]


async def test_a_store_that_is_away_is_told(clock: FakeClock) -> None:
    one = kit(clock)
    one.records.store = StoreAway(one.store)
    with pytest.raises(StoreUnavailable):
        await bindings(one).find("element-1")
    with pytest.raises(StoreUnavailable):
        await forget_element_tokens(one.records, KEY, client=None)
