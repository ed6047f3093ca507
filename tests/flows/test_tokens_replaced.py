"""An app whose refresh token was replaced without its knowledge is led on to the new one."""

import json

import pytest

from gateway.flows.ports import ApiReply
from gateway.flows.refreshes import REMEMBERED
from gateway.rules.errors import StoreUnavailable
from gateway.rules.token_reply import read_token_reply
from tests.clock import FakeClock
from tests.flows.fakes import (
    Kit,
    StoreAway,
    client,
    connected,
    kit,
    registry,
    revoke_door,
    token_door,
    token_reply,
    vault,
)
from tests.flows.moving import answer

APP, OTHER = client("app"), client("other")
DEAD = ApiReply(400, b'{"error":"invalid_grant"}')


async def handed_out(one: Kit) -> None:
    """Hand the same tokens to both clients' apps, as Cronofy does when both connect the same account."""
    for whose in (APP, OTHER):
        await one.bindings.remember(whose, read_token_reply(token_reply().body), account="acc_1", scope="s")


async def refresh(one: Kit, name: str = "app", token: str = "refresh-1") -> tuple[str, str]:
    """Refresh as an app does, at a node of its own."""
    fields = {"client_id": name, "client_secret": f"{name}-secret", "grant_type": "refresh_token"}
    reply = await token_door(one, registry(APP, OTHER)).exchange({**fields, "refresh_token": token}, None)
    if reply.status != 200:
        return str(reply.status), ""
    body = json.loads(reply.body)
    return body["access_token"], body["refresh_token"]


async def test_another_clients_refresh_is_followed_however_long_ago_it_was(clock: FakeClock) -> None:
    """With strict rotation the other client would be lost to the first one that refreshes."""
    one = kit(clock)
    await handed_out(one)
    one.cronofy.tokens.extend([answer("access-2", "refresh-2"), answer("access-3", "refresh-3")])
    await refresh(one, "other")
    clock.pass_time(7200)
    assert await refresh(one, "app") == ("access-3", "refresh-3")

    one.cronofy.tokens.append(answer("access-4", "refresh-4"))
    clock.pass_time(7200)
    assert await refresh(one, "other", "refresh-2") == ("access-4", "refresh-4")
    assert [sent["refresh_token"] for _, sent in one.cronofy.asked] == ["refresh-1", "refresh-2", "refresh-3"]


async def test_the_refresh_of_a_stored_connection_is_followed(clock: FakeClock) -> None:
    """A client that is in both doors holds the same refresh token twice."""
    one = kit(clock)
    await handed_out(one)
    stored = await connected(one, APP)
    clock.pass_time(3600)
    one.cronofy.tokens.append(answer("access-2", "refresh-2"))
    await vault(one, APP, OTHER).fresh(stored.id)
    clock.pass_time(REMEMBERED + 1)
    assert await refresh(one, "app") == ("access-2", "refresh-2")


async def test_what_was_handed_out_is_remembered_for_half_a_minute_only(clock: FakeClock) -> None:
    """Whoever comes with the old token later is not the one that has the new one, or has lost it for good."""
    one = kit(clock)
    await handed_out(one)
    one.cronofy.tokens.extend([answer("access-2", "refresh-2"), DEAD])
    for _ in range(2):
        assert await refresh(one, "app") == ("access-2", "refresh-2")
        clock.pass_time(REMEMBERED)
    clock.pass_time(1)
    assert await refresh(one, "app") == ("400", "")


@pytest.mark.parametrize("bound", [0, 1])
async def test_what_an_outage_kept_from_the_app_is_there_when_it_is_over(clock: FakeClock, bound: int) -> None:
    """Cronofy's answer was written, its binding was not, wholly or in part: nothing was handed out."""
    one = kit(clock)
    await handed_out(one)
    one.cronofy.tokens.append(answer("access-2", "refresh-2"))
    away = StoreAway(one.store, "put")
    away.is_away = False
    one.records.store = away
    original, written = one.store.put, [0]

    async def failing(kind: str, record_id: str, *more: object, **named: object) -> int:
        if kind == "binding":
            written[0] += 1
            away.is_away = written[0] >= bound
            if written[0] > bound:
                raise StoreUnavailable("away")
        return await original(kind, record_id, *more, **named)  # type: ignore[arg-type]

    one.store.put = failing  # type: ignore[method-assign]
    with pytest.raises(StoreUnavailable):
        await refresh(one, "app")
    one.store.put, away.is_away = original, False  # type: ignore[method-assign]
    clock.pass_time(REMEMBERED + 1)

    assert await refresh(one, "app") == ("access-2", "refresh-2")


async def test_a_revocation_reaches_what_another_clients_refresh_brought(clock: FakeClock) -> None:
    """Cronofy answers 200 to a token that it has replaced, and ends nothing."""
    one = kit(clock)
    await handed_out(one)
    one.cronofy.tokens.append(answer("access-2", "refresh-2"))
    await refresh(one, "other")
    fields = {"client_id": "app", "client_secret": "app-secret", "token": "refresh-1"}
    await revoke_door(one, registry(APP, OTHER)).revoke(fields, None)
    assert one.cronofy.asked[-1][1]["token"] == "refresh-2"
