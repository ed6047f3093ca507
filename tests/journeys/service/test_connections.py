"""A backend lists its connections and ends them, at Cronofy as far as nothing else hangs on them."""

import pytest

from tests.clock import FakeClock
from tests.journeys.door.browser import control, statuses
from tests.journeys.service.backend import SIDE, Backend, connect
from tests.journeys.world import World

REVOKE = "/oauth/token/revoke"


async def test_what_is_connected_is_listed_page_by_page(world: World, backend: Backend) -> None:
    subs = [await connect(world, mode) for mode in ("read_write", "free_busy", "no_access")]
    elsewhere = await connect(world, client=SIDE, email="side@example.com")
    listed, query = [], "?limit=1"
    while query:
        page = (await backend.call("GET", f"/auth/connections{query}")).json()
        listed += page["connections"]
        query = f"?limit=1&cursor={page['next']}" if "next" in page else ""

    assert sorted(one["sub"] for one in listed) == sorted(subs)
    assert {one["access_mode"] for one in listed} == {"read_write", "free_busy", "no_access"}
    assert all(one["profiles"][0]["access_mode"] == one["access_mode"] for one in listed)
    assert [one["sub"] for one in await Backend(world, SIDE).connections()] == [elsewhere]
    assert (await backend.call("GET", f"/auth/connections/{subs[0]}")).json()["state"] == "active"
    assert (await backend.call("GET", f"/auth/connections/{elsewhere}")).code == "connection_unknown"


async def test_ending_a_connection_revokes_it_and_signs_its_browsers_out(world: World, backend: Backend) -> None:
    sub = await connect(world)
    assert (await backend.call("DELETE", f"/auth/connections/{sub}")).status == 204

    assert await statuses(world, REVOKE) == [200]
    assert (await backend.call("GET", "/v1/calendars", sub)).code == "connection_unknown"
    assert await backend.connections() == []
    again = await backend.call("DELETE", f"/auth/connections/{sub}")
    assert (again.status, again.code) == (404, "connection_unknown")


async def test_what_another_client_hangs_on_is_not_revoked_whole(world: World, backend: Backend) -> None:
    sub = await connect(world, email="one@example.com")
    assert await connect(world, client=SIDE, email="one@example.com") == sub
    assert (await backend.call("DELETE", f"/auth/connections/{sub}")).status == 204

    assert await statuses(world, REVOKE) == []
    assert [one["sub"] for one in await Backend(world, SIDE).connections()] == [sub]


@pytest.mark.parametrize("expired", [False, True])
async def test_while_cronofy_is_away_nothing_is_lost(
    world: World, backend: Backend, clock: FakeClock, *, expired: bool
) -> None:
    sub = await connect(world)
    if expired:
        clock.pass_time(4_000)
    await control(world, "faults", path="/oauth/token" if expired else REVOKE, status=503, times=1)
    reply = await backend.call("DELETE", f"/auth/connections/{sub}")
    assert reply.status in {502, 503}
    assert reply.headers["Retry-After"]
    assert [(one["sub"], one["state"]) for one in await backend.connections()] == [(sub, "active")]

    clock.pass_time(60)
    assert (await backend.call("DELETE", f"/auth/connections/{sub}")).status == 204
    assert await backend.connections() == []
