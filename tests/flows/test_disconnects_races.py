"""Ending an authorization while somebody is refreshing it: nothing of it may live on at Cronofy."""

import asyncio

import pytest

from gateway.flows.disconnects import Disconnects
from tests.clock import FakeClock
from tests.flows.fakes import APPLICATION, Kit, client, connected, delegations, kit, registry, token_reply, vault

A = client("a")
NEW = token_reply("access-2", "refresh-2", sub=None, linking_profile=None)


def named(one: Kit) -> list[tuple[str | None, str | None]]:
    """Return what was revoked: a token, or the account."""
    return [(sent.get("token"), sent.get("sub")) for what, sent in one.cronofy.asked if what.startswith("revoke")]


@pytest.mark.parametrize("whole", [True, False])
async def test_a_token_that_is_being_replaced_is_not_what_is_revoked(clock: FakeClock, *, whole: bool) -> None:
    """Cronofy would answer 200 to the old one, and the new one, which is dropped here, would live on."""
    one = kit(clock)
    stored = await connected(one, A)
    keeper = vault(one, A)
    ends = Disconnects(one.connections, one.bindings, one.modes, keeper, one.cronofy, delegations(one, registry(A)))
    clock.pass_time(3_600 - 100)  # close enough to its end to be refreshed beside a call
    one.cronofy.tokens.append(NEW)
    one.cronofy.token_gate = asyncio.Event()
    await keeper.fresh(stored.id)
    await one.cronofy.token_asked.wait()
    await (ends.end_account(APPLICATION, "acc_1") if whole else ends.end(stored.id, "", keep=False))
    one.cronofy.token_gate.set()
    await keeper.close()
    assert named(one) == [(None, "acc_1")]


async def test_a_token_that_was_replaced_under_the_revocation_is_ended_by_the_account(clock: FakeClock) -> None:
    one = kit(clock)
    stored = await connected(one, A)
    keeper = vault(one, A)
    ends = Disconnects(one.connections, one.bindings, one.modes, keeper, one.cronofy, delegations(one, registry(A)))
    clock.pass_time(3_600 - 100)
    one.cronofy.tokens.append(NEW)
    plain = one.cronofy.revoke

    async def beside(*arguments: object) -> object:
        one.cronofy.revoke = plain  # type: ignore[method-assign]
        await keeper.fresh(stored.id)
        await one.cronofy.token_asked.wait()
        return await plain(*arguments)  # type: ignore[arg-type]

    one.cronofy.revoke = beside  # type: ignore[assignment,method-assign]
    await ends.end_account(APPLICATION, "acc_1")
    await keeper.close()
    assert named(one) == [("refresh-1", None), (None, "acc_1")]
