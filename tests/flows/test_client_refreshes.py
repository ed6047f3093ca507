"""Refreshing where the client keeps its tokens; see test_tokens_replaced and test_tokens_imported too."""

import pytest

from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused
from tests.clock import FakeClock
from tests.flows.fakes import client, kit, token_reply
from tests.flows.test_tokens import code_request, door, refresh_request


async def test_a_refresh_of_an_older_grant_only_warns(clock: FakeClock) -> None:
    one = kit(clock)
    one.cronofy.tokens.append(token_reply(scope="read_events", sub=None, linking_profile=None))

    assert (await door(one).exchange(refresh_request(), None)).status == 200


async def test_a_refresh_token_is_good_for_its_own_clients_only(clock: FakeClock) -> None:
    one = kit(clock)
    both = door(one, client("a"), client("b"))
    one.cronofy.tokens.extend([token_reply(), token_reply("access-2", sub=None)])
    await both.exchange(code_request("a"), None)
    with pytest.raises(RequestRefused) as caught:
        await both.exchange(refresh_request("b"), None)
    assert caught.value.code == Code.INVALID_GRANT

    assert (await both.exchange(refresh_request("a"), None)).status == 200
    found = await one.bindings.find("access-2")
    assert found is not None
    assert (found.clients, found.account) == (("a",), "acc_1")


async def test_an_unknown_refresh_token_is_adopted_only_by_the_applications_only_client(clock: FakeClock) -> None:
    one = kit(clock)
    with pytest.raises(RequestRefused) as caught:
        await door(one, client("a"), client("b")).exchange(refresh_request("a"), None)
    assert caught.value.code == Code.INVALID_GRANT
    assert one.cronofy.asked == []

    one.cronofy.tokens.append(token_reply(sub=None))
    assert (await door(one, client("a")).exchange(refresh_request("a"), None)).status == 200
