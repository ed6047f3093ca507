"""The vault beside a store that fails, and tokens that stay the same."""

from typing import Any

import pytest

from gateway.rules.errors import StoreUnavailable
from tests.clock import FakeClock
from tests.flows.fakes import client, connected, kit, token_reply, vault

A = client("a")


async def test_a_store_that_fails_after_the_refresh_loses_no_token(clock: FakeClock) -> None:
    """The refresh token may have been rotated: the new one is kept and stored as soon as the store takes it."""
    one = kit(clock)
    stored = await connected(one, A, expires_in=10)
    keeper = vault(one, A)
    one.cronofy.tokens.append(token_reply("access-2", "refresh-2", sub=None))
    original, failures = one.store.put, [0]

    async def full(kind: str, *args: Any, **more: Any) -> int:
        if kind == "connection" and failures[0] < 2:
            failures[0] += 1
            raise StoreUnavailable("disk full")
        return await original(kind, *args, **more)

    one.store.put = full  # type: ignore[method-assign]
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            await keeper.fresh(stored.id)
    assert (await keeper.fresh(stored.id)).bearer == "access-2"
    assert one.cronofy.count("token") == 1
    found = await one.connections.load(stored.id)
    assert found is not None
    assert found.connection.refresh_token == "refresh-2"


async def test_nothing_is_refreshed_while_the_store_takes_no_writes(clock: FakeClock) -> None:
    one = kit(clock)
    stored = await connected(one, A, expires_in=10)

    async def away(*_args: object, **_more: object) -> int:
        raise StoreUnavailable("read-only")

    one.store.put = away  # type: ignore[method-assign]
    with pytest.raises(StoreUnavailable):
        await vault(one, A).fresh(stored.id)
    assert one.cronofy.asked == []


async def test_a_401_from_before_the_refresh_does_not_end_a_connection_whose_token_stayed_the_same(
    clock: FakeClock,
) -> None:
    """Cronofy may answer a refresh with the same access token while it has time left."""
    one = kit(clock)
    stored = await connected(one, A)
    keeper = vault(one, A)
    clock.pass_time(120)
    one.cronofy.tokens.append(token_reply("access-1", "refresh-1", sub=None))
    first = await keeper.after_401(stored.id, stored.version)
    late = await keeper.after_401(stored.id, stored.version)
    assert first.bearer == late.bearer == "access-1"
    assert one.cronofy.count("token") == 1
