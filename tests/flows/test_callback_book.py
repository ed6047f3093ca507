"""Which callback URL is whose, and which code came to it."""

import json

import pytest

from gateway.flows.callback_book import CALLBACK, CALLBACK_CODE, CALLBACK_KEPT, CODE_KEPT, Callback, CallbackBook
from gateway.rules.callback_urls import is_secret
from tests.clock import FakeClock
from tests.flows.fakes import client, kit

A, B = client("a"), client("b")
URL = "https://a.test/hook?id=1"


async def test_a_callback_url_that_cronofy_posts_to_is_its_own_clients(clock: FakeClock) -> None:
    book = CallbackBook(kit(clock).records, clock)
    await book.remember_passed_on(A, URL, parent="ser_1")

    assert await book.find_passed_on(A, URL) == Callback("a", ("ser_1",), "main")
    assert await book.find_passed_on(B, URL) is None
    assert await book.find_passed_on(A, URL + "2") is None


async def test_an_url_that_two_accounts_use_tells_of_none_of_them(clock: FakeClock) -> None:
    """Ending one of them must not end what the other one let in."""
    book = CallbackBook(kit(clock).records, clock)
    for parent in ("ser_1", "ser_2", "ser_1"):
        await book.remember_passed_on(A, URL, parent=parent)

    found = await book.find_passed_on(A, URL)
    assert found
    assert (found.parents, found.parent) == (("ser_1", "ser_2"), "")


async def test_each_of_the_gateways_own_is_another_and_leads_back(clock: FakeClock) -> None:
    book = CallbackBook(kit(clock).records, clock)
    first, second = [await book.make(A, URL, parent="ser_1", scope="free_busy_write") for _ in range(2)]

    assert first != second
    assert is_secret(first)
    assert await book.find(first) == Callback("a", ("ser_1",), "main", URL, "free_busy_write")
    for other in ("", first[:-1], first[::-1], "../" + first):
        assert await book.find(other) is None


async def test_a_code_leads_to_the_callback_that_it_came_by(clock: FakeClock) -> None:
    book = CallbackBook(kit(clock).records, clock)
    secret = await book.make(A, URL, parent="ser_1", scope="s")
    callback = await book.find(secret)
    assert callback
    for _ in range(2):  # Cronofy delivers again what was not taken
        await book.remember_code("code-1", secret, callback)

    assert await book.find_code("code-1") == (callback, secret)
    assert await book.find_code("code-2") is None


async def test_neither_outlives_its_time(clock: FakeClock) -> None:
    book = CallbackBook(kit(clock).records, clock)
    secret = await book.make(A, URL, parent="ser_1", scope="s")
    callback = await book.find(secret)
    assert callback
    await book.remember_code("code-1", secret, callback)
    clock.pass_time(CODE_KEPT)
    assert await book.find_code("code-1") is None
    clock.pass_time(CALLBACK_KEPT - CODE_KEPT)
    assert await book.find(secret) is None


@pytest.mark.parametrize("kind", [CALLBACK, CALLBACK_CODE])
async def test_the_store_learns_neither_code_nor_secret_nor_account_nor_url(clock: FakeClock, kind: str) -> None:
    one = kit(clock)
    book = CallbackBook(one.records, clock)
    secret = await book.make(A, URL, parent="ser_1", scope="s")
    callback = await book.find(secret)
    assert callback
    await book.remember_code("code-1", secret, callback)

    (record_id,) = await one.store.list_ids(kind)
    record = await one.store.get(kind, record_id)
    assert record
    seen = json.dumps([record_id, record.value.hex(), record.account]) + repr(record.value) + repr(callback)
    assert not any(word in seen for word in (secret, "code-1", "ser_1", "a.test"))
