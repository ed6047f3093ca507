"""The vault: one refresh for any number of callers, and only `invalid_grant` is final."""

import asyncio
from collections.abc import Awaitable
from typing import Any

import pytest

from gateway.flows.ports import ApiReply, Record
from gateway.flows.refreshes import COOL_OFF
from gateway.flows.stored_connection import Stored
from gateway.flows.vault import EARLY, MARGIN, TOO_YOUNG, Fresh
from gateway.rules.error_codes import Code
from gateway.rules.errors import CronofyUnavailable, RequestRefused, StoreUnavailable
from tests.clock import FakeClock
from tests.flows.fakes import Kit, StoreAway, client, connected, kit, token_reply, vault

A = client("a")
DEAD = ApiReply(400, b'{"error":"invalid_grant"}')
AWAY = CronofyUnavailable(Code.UPSTREAM_TIMEOUT, "slow")


def renewal(access: str = "access-2", refresh: str = "refresh-1", **changes: Any) -> ApiReply:
    return token_reply(access, refresh, sub=None, linking_profile=None, **changes)


async def expired(one: Kit) -> Stored:
    """Return a connection whose token cannot be used any more."""
    stored = await connected(one, A)
    one.clock.pass_time(3600 - MARGIN)
    return stored


async def refused(story: Awaitable[Fresh]) -> Code:
    with pytest.raises(RequestRefused) as caught:
        await story
    return caught.value.code


async def test_a_token_with_time_left_is_used_without_asking(clock: FakeClock) -> None:
    one = kit(clock)
    stored = await connected(one, A)
    clock.pass_time(3600 - EARLY - 1)
    fresh = await vault(one, A).fresh(stored.id)

    assert (fresh.bearer, fresh.client, fresh.application.name) == ("access-1", A, "main")
    assert one.cronofy.asked == []


async def test_fifty_callers_at_once_make_one_refresh(clock: FakeClock) -> None:
    one = kit(clock)
    stored, keeper = await expired(one), vault(one, A)
    one.cronofy.tokens.append(renewal())
    found = await asyncio.gather(*(keeper.fresh(stored.id) for _ in range(50)))

    assert {fresh.bearer for fresh in found} == {"access-2"}
    ((_, sent),) = one.cronofy.asked
    assert sent == {
        "client_id": "cronofy-id",
        "client_secret": "cronofy-secret",
        "grant_type": "refresh_token",
        "refresh_token": "refresh-1",
    }


async def test_the_first_caller_may_leave(clock: FakeClock) -> None:
    """A lock with a second look refreshes twice here, or takes everybody's token along."""
    one = kit(clock)
    stored, keeper = await expired(one), vault(one, A)
    one.cronofy.token_gate = asyncio.Event()
    one.cronofy.tokens.append(renewal())
    first = asyncio.ensure_future(keeper.fresh(stored.id))
    await one.cronofy.token_asked.wait()
    others = [asyncio.ensure_future(keeper.fresh(stored.id)) for _ in range(5)]
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    one.cronofy.token_gate.set()

    assert {fresh.bearer for fresh in await asyncio.gather(*others)} == {"access-2"}
    assert first.cancelled()
    assert one.cronofy.count("token") == 1


async def test_a_refresh_is_stored_although_everybody_left(clock: FakeClock) -> None:
    """Its refresh token may be the only one that still works."""
    one = kit(clock)
    stored, keeper = await expired(one), vault(one, A)
    one.cronofy.token_gate = asyncio.Event()
    one.cronofy.tokens.append(renewal(refresh="refresh-2"))
    leaving = asyncio.ensure_future(keeper.fresh(stored.id))
    await one.cronofy.token_asked.wait()
    leaving.cancel()
    one.cronofy.token_gate.set()
    await keeper.close()

    found = await one.connections.load(stored.id)
    assert found is not None
    assert found.connection.refresh_token == "refresh-2"


async def test_who_read_the_connection_before_the_refresh_does_not_refresh_again(clock: FakeClock) -> None:
    """A slow read from the store ends after the refresh did; with rotation its token would be dead by then."""
    one = kit(clock)
    stored, keeper = await expired(one), vault(one, A)
    one.cronofy.tokens.extend([renewal(refresh="refresh-2"), renewal("access-3")])
    original, has_read, go_on = one.store.get, asyncio.Event(), asyncio.Event()

    async def slow_once(kind: str, record_id: str) -> Record | None:
        one.store.get = original  # type: ignore[method-assign]
        record = await original(kind, record_id)
        has_read.set()
        await go_on.wait()
        return record

    one.store.get = slow_once  # type: ignore[method-assign]
    slow = asyncio.ensure_future(keeper.fresh(stored.id))
    await has_read.wait()
    assert (await keeper.fresh(stored.id)).bearer == "access-2"
    go_on.set()

    assert (await slow).bearer == "access-2"
    assert one.cronofy.count("token") == 1


async def test_close_to_its_end_a_token_is_used_while_one_refresh_runs_beside_it(clock: FakeClock) -> None:
    one = kit(clock)
    stored, keeper = await connected(one, A), vault(one, A)
    clock.pass_time(3600 - EARLY)
    one.cronofy.token_gate = asyncio.Event()
    one.cronofy.tokens.append(renewal())
    for _ in range(3):
        assert (await keeper.fresh(stored.id)).bearer == "access-1"

    one.cronofy.token_gate.set()
    await keeper.close()
    assert (await keeper.fresh(stored.id)).bearer == "access-2"
    assert one.cronofy.count("token") == 1


async def test_an_early_refresh_that_fails_is_nobodys_failure(clock: FakeClock) -> None:
    one = kit(clock)
    stored, keeper = await connected(one, A), vault(one, A)
    clock.pass_time(3600 - EARLY)
    one.cronofy.tokens.append(AWAY)
    for _ in range(3):
        assert (await keeper.fresh(stored.id)).bearer == "access-1"
        await keeper.close()
    assert one.cronofy.count("token") == 1


@pytest.mark.parametrize(
    "failure",
    [
        AWAY,
        ApiReply(500, b""),
        ApiReply(429, b'{"error":"rate_limited"}'),
        ApiReply(400, b'{"error":"invalid_client"}'),
        ApiReply(400, b'{"error":"invalid_request","error_description":"invalid_grant"}'),
        ApiReply(400, b"invalid_grant"),
        ApiReply(200, b"<html>"),
        ApiReply(200, b'{"access_token":"access-2"}'),
    ],
    ids=lambda failure: str(getattr(failure, "body", failure))[:40],
)
async def test_any_other_failure_keeps_the_connection_cools_off_and_recovers(
    clock: FakeClock, failure: ApiReply | CronofyUnavailable
) -> None:
    """The word `invalid_grant` elsewhere than in `error` means nothing."""
    one = kit(clock)
    stored, keeper = await expired(one), vault(one, A)
    one.cronofy.tokens.extend([failure, renewal()])
    for seconds in (0.0, COOL_OFF - 0.1):
        clock.pass_time(seconds)
        with pytest.raises(CronofyUnavailable):
            await keeper.fresh(stored.id)
    assert one.cronofy.count("token") == 1

    clock.pass_time(0.1)
    assert (await keeper.fresh(stored.id)).bearer == "access-2"


async def test_invalid_grant_is_final(clock: FakeClock) -> None:
    one = kit(clock)
    stored, keeper = await expired(one), vault(one, A)
    one.cronofy.tokens.append(DEAD)
    everybody = await asyncio.gather(*(keeper.fresh(stored.id) for _ in range(5)), return_exceptions=True)

    assert {error.code for error in everybody if isinstance(error, RequestRefused)} == {Code.RECONNECT_REQUIRED}
    assert len(everybody) == 5
    assert await refused(keeper.fresh(stored.id)) == Code.RECONNECT_REQUIRED
    assert one.cronofy.count("token") == 1
    found = await one.connections.load(stored.id)
    assert found is not None
    assert found.connection.state == "reconnect_required"


@pytest.mark.parametrize("answer", [DEAD, renewal("access-of-the-refresh")], ids=["invalid_grant", "granted"])
async def test_a_sign_in_meanwhile_wins_over_a_refreshs_answer(clock: FakeClock, answer: ApiReply) -> None:
    """The person has just authorized anew; what the old refresh token brought is dropped."""
    one = kit(clock)
    stored, keeper = await expired(one), vault(one, A)
    one.cronofy.token_gate = asyncio.Event()
    one.cronofy.tokens.append(answer)
    waiting = asyncio.ensure_future(keeper.fresh(stored.id))
    await one.cronofy.token_asked.wait()
    await connected(one, A, access="access-of-the-sign-in")
    one.cronofy.token_gate.set()

    assert (await waiting).bearer == "access-of-the-sign-in"
    assert (await keeper.fresh(stored.id)).bearer == "access-of-the-sign-in"


@pytest.mark.parametrize("second", ["refresh-1", "refresh-2"], ids=["unchanged", "rotated"])
async def test_the_next_refresh_sends_what_the_last_one_brought(clock: FakeClock, second: str) -> None:
    one = kit(clock)
    stored, keeper = await expired(one), vault(one, A)
    one.cronofy.tokens.extend([renewal("access-2", second), renewal("access-3", "refresh-3")])
    await keeper.fresh(stored.id)
    clock.pass_time(3600)

    assert (await keeper.fresh(stored.id)).bearer == "access-3"
    assert [sent["refresh_token"] for _, sent in one.cronofy.asked] == ["refresh-1", second]


async def test_a_401_means_one_refresh_for_everybody_who_met_it(clock: FakeClock) -> None:
    one = kit(clock)
    stored, keeper = await connected(one, A), vault(one, A)
    clock.pass_time(TOO_YOUNG)
    one.cronofy.tokens.append(renewal())
    found = await asyncio.gather(*(keeper.after_401(stored.id, stored.version) for _ in range(5)))
    assert {fresh.bearer for fresh in found} == {"access-2"}

    late = await keeper.after_401(stored.id, stored.version)  # it was refused a token that is history by now
    assert late.bearer == "access-2"
    assert one.cronofy.count("token") == 1


async def test_a_401_on_a_young_token_is_not_cured_by_another(clock: FakeClock) -> None:
    """Else a revoked authorization would loop: refresh, 401, refresh, 401."""
    one = kit(clock)
    stored, keeper = await connected(one, A), vault(one, A)
    clock.pass_time(TOO_YOUNG - 1)

    assert await refused(keeper.after_401(stored.id, stored.version)) == Code.RECONNECT_REQUIRED
    assert await refused(keeper.fresh(stored.id)) == Code.RECONNECT_REQUIRED
    assert one.cronofy.asked == []


async def test_a_connection_that_is_gone_or_of_a_forgotten_application_wants_a_new_sign_in(clock: FakeClock) -> None:
    one = kit(clock)
    assert await refused(vault(one, A).fresh("unknown")) == Code.RECONNECT_REQUIRED

    stored = await connected(one, client("a", application="removed"))
    assert await refused(vault(one, A).fresh(stored.id)) == Code.RECONNECT_REQUIRED


async def test_tokens_that_could_not_be_stored_are_handed_to_nobody(clock: FakeClock) -> None:
    """Another process would go on with the old refresh token, which may be dead."""
    one = kit(clock)
    stored, keeper = await expired(one), vault(one, A)
    one.cronofy.tokens.append(renewal())
    one.records.store = StoreAway(one.store, "put")

    with pytest.raises(StoreUnavailable):
        await keeper.fresh(stored.id)


async def test_two_accounts_never_share_a_refresh(clock: FakeClock) -> None:
    one = kit(clock)
    first, second, keeper = await connected(one, A), await connected(one, A, sub="acc_2", refresh="r"), vault(one, A)
    clock.pass_time(3600)
    one.cronofy.tokens.extend([renewal("access-of-1"), renewal("access-of-2")])
    found = await asyncio.gather(keeper.fresh(first.id), keeper.fresh(second.id))

    assert [(one.stored.connection.account, one.bearer) for one in found] == [
        ("acc_1", "access-of-1"),
        ("acc_2", "access-of-2"),
    ]


async def test_a_caller_may_want_a_token_that_lives_longer(clock: FakeClock) -> None:
    """An access handle is good for as long as its token, so it must be worth having."""
    one = kit(clock)
    stored, keeper = await connected(one, A), vault(one, A)
    clock.pass_time(3600 - 600)
    assert (await keeper.fresh(stored.id, margin=599)).bearer == "access-1"
    one.cronofy.tokens.append(renewal())
    assert (await keeper.fresh(stored.id, margin=600)).bearer == "access-2"
