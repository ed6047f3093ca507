"""An app whose people were imported goes on with the refresh tokens that it has."""

import json
from typing import Any

import pytest

from gateway.flows.ports import ApiReply
from gateway.flows.refreshes import REMEMBERED
from gateway.flows.stored_connection import connection_id
from gateway.rules.errors import RequestRefused
from gateway.rules.import_outcomes import Outcome
from tests.clock import FakeClock
from tests.flows.fakes import Kit, client, connected, kit, registry, revoke_door, token_door, userinfo_reply
from tests.flows.moving import LINE, answer, imports

APP, OTHER = client("app"), client("other")
CREDENTIALS = {"client_id": "app", "client_secret": "app-secret"}


async def imported(one: Kit) -> None:
    """Import refresh-1, which Cronofy replaces by refresh-2."""
    one.cronofy.tokens.append(answer())
    one.cronofy.userinfos.append(userinfo_reply("acc_1", pro_1="google"))
    result = await imports(one, APP, OTHER).bring_in(APP, 1, LINE)
    assert result.outcome is Outcome.IMPORTED
    one.cronofy.asked.clear()


async def refresh(one: Kit, token: str, **changes: str) -> ApiReply:
    """Refresh as the app does, at a node of its own."""
    fields = {**CREDENTIALS, "grant_type": "refresh_token", "refresh_token": token, **changes}
    return await token_door(one, registry(APP, OTHER)).exchange(fields, None)


def shown(one: Kit, what: str = "token") -> list[Any]:
    names = ("refresh_token",) if what == "token" else ("token", "sub")
    return [next(sent[n] for n in names if n in sent) for name, sent in one.cronofy.asked if name.startswith(what)]


async def test_the_old_token_gives_what_the_import_brought(clock: FakeClock) -> None:
    """Long after the half minute for which an answer is remembered: nobody told the app of the import."""
    one = kit(clock)
    await imported(one)
    clock.pass_time(1000 + REMEMBERED)
    reply = json.loads((await refresh(one, "refresh-1")).body)
    assert (reply["access_token"], reply["refresh_token"]) == ("access-2", "refresh-2")
    assert 2500 < reply["expires_in"] <= 2600
    assert one.cronofy.asked == []


@pytest.mark.parametrize("held", ["refresh-1", "refresh-2"])
async def test_days_later_it_leads_on_to_a_fresh_one(clock: FakeClock, held: str) -> None:
    one = kit(clock)
    await imported(one)
    clock.pass_time(50_000)
    one.cronofy.tokens.extend([answer("access-3", "refresh-3"), answer("access-4", "refresh-4")])
    assert await refresh(one, held) == answer("access-3", "refresh-3")
    clock.pass_time(20_000)
    assert await refresh(one, held) == answer("access-4", "refresh-4")
    assert shown(one) == ["refresh-2", "refresh-3"]


async def test_a_refresh_with_further_fields_is_cronofys_to_answer(clock: FakeClock) -> None:
    """What was asked for with other fields is another answer."""
    one = kit(clock)
    await imported(one)
    one.cronofy.tokens.append(answer("access-3", "refresh-3"))
    await refresh(one, "refresh-2", scope="free_busy_write")
    assert shown(one) == ["refresh-2"]


async def test_a_replaced_token_leads_on_with_further_fields_too(clock: FakeClock) -> None:
    """Some OAuth libraries always send the scope or the redirect URI along; without this all their people are lost."""
    one = kit(clock)
    await imported(one)
    reply = json.loads((await refresh(one, "refresh-1", redirect_uri="https://app.test/cb")).body)
    assert (reply["access_token"], one.cronofy.asked) == ("access-2", [])


async def test_another_client_gains_nothing_by_an_import(clock: FakeClock) -> None:
    one = kit(clock)
    await imported(one)
    with pytest.raises(RequestRefused):
        await refresh(one, "refresh-1", client_id="other", client_secret="other-secret")


@pytest.mark.parametrize("held", ["refresh-1", "refresh-2"])
async def test_a_revocation_of_the_old_token_reaches_the_new_one(clock: FakeClock, held: str) -> None:
    """Cronofy answers 200 to a token that it has replaced, and ends nothing."""
    one = kit(clock)
    await imported(one)
    reply = await revoke_door(one, registry(APP, OTHER)).revoke({**CREDENTIALS, "token": held}, None)
    assert (reply.status, shown(one, "revoke")) == (200, ["refresh-2"])


@pytest.mark.parametrize("named", [{"token": "refresh-1"}, {"sub": "acc_1"}])
async def test_a_revocation_ends_the_stored_connection_too(clock: FakeClock, named: dict[str, str]) -> None:
    """Else it would count as somebody who hangs on the account."""
    one = kit(clock)
    await imported(one)
    others = await connected(one, OTHER, sub="acc_2")
    await revoke_door(one, registry(APP, OTHER)).revoke({**CREDENTIALS, **named}, None)

    found = await one.connections.load(connection_id(APP, "acc_1"))
    assert found is not None
    assert (found.connection.state, found.connection.lost_by) == ("reconnect_required", "ended")
    assert await one.connections.load(others.id) == others
