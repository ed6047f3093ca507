"""A backend sees and ends its own client's connections."""

from dataclasses import replace

import pytest

from gateway.flows.backend_connections import MOST, BackendConnections
from gateway.flows.ports import ApiReply
from gateway.rules.access_mode import AccessMode, Profile
from gateway.rules.error_codes import Code
from gateway.rules.errors import CronofyUnavailable, RequestRefused
from tests.clock import FakeClock
from tests.flows.fakes import APPLICATION, Kit, client, connected, erasure, kit, registry, userinfo_reply

A, B = client("a", service_door=True), client("b", service_door=True)


def backends(one: Kit) -> BackendConnections:
    known = registry(A, B)
    return BackendConnections(known, one.connections, one.modes, erasure(one, known))


async def test_pages_hold_every_connection_once_in_an_order_that_stays(clock: FakeClock) -> None:
    one = kit(clock)
    for number in range(25):
        await connected(one, A, sub=f"acc_{number}")
    await connected(one, B, sub="acc_of_b")
    pages: list[list[str]] = []
    cursor = ""
    while True:
        page = await backends(one).page(A, cursor=cursor, limit=10, state="")
        pages.append([found.connection.account for found in page.connections])
        if not (cursor := page.cursor):
            break
    assert [len(found) for found in pages] == [10, 10, 5]
    listed = [account for found in pages for account in found]
    assert sorted(listed) == sorted(f"acc_{number}" for number in range(25))
    whole = await backends(one).page(A, cursor="", limit=MOST, state="")
    assert [found.connection.account for found in whole.connections] == listed
    assert whole.cursor == ""


async def test_a_page_of_one_state(clock: FakeClock) -> None:
    one = kit(clock)
    lost = [await connected(one, A, sub=f"acc_{number}") for number in range(6)][::2]
    for stored in lost:
        await one.connections.require_reconnect(stored, lost_by="refused")
    page = await backends(one).page(A, cursor="", limit=10, state="reconnect_required")

    assert {found.connection.account for found in page.connections} == {"acc_0", "acc_2", "acc_4"}
    assert {found.connection.lost_by for found in page.connections} == {"refused"}


async def test_a_connection_is_shown_with_its_modes(clock: FakeClock) -> None:
    one = kit(clock)
    await connected(one, A)
    await connected(one, A, sub="ser_1", linking_profile=None)
    await one.modes.learn(APPLICATION, "acc_1", Profile("pro_1", AccessMode.FREE_BUSY, name="x@example.com"))
    shown = await backends(one).one(A, "acc_1")

    assert shown.access_mode == "free_busy"
    assert [(found.id, found.name) for found in shown.profiles] == [("pro_1", "x@example.com")]
    assert (await backends(one).one(A, "ser_1")).access_mode == "not_applicable"


@pytest.mark.parametrize("call", ["one", "stored", "end"])
async def test_anothers_connection_is_unknown(clock: FakeClock, call: str) -> None:
    one = kit(clock)
    await connected(one, B)
    for account in ("acc_1", "acc_never"):
        with pytest.raises(RequestRefused) as caught:
            await getattr(backends(one), call)(A, account)
        assert caught.value.code is Code.CONNECTION_UNKNOWN
    assert one.cronofy.asked == []


async def test_the_last_client_with_all_of_an_accounts_profiles_ends_the_authorization(clock: FakeClock) -> None:
    one = kit(clock)
    await connected(one, A)
    one.cronofy.userinfos.append(userinfo_reply(pro_1="google"))
    await backends(one).end(A, "acc_1")

    assert [name for name, _ in one.cronofy.asked] == ["userinfo main", "revoke main"]
    assert one.cronofy.asked[-1][1]["token"] == "refresh-1"
    with pytest.raises(RequestRefused):
        await backends(one).one(A, "acc_1")


async def test_a_profile_that_came_otherwise_is_left_alone(clock: FakeClock) -> None:
    one = kit(clock)
    await connected(one, A)
    one.cronofy.userinfos.append(userinfo_reply(pro_1="google", pro_other="google"))
    await backends(one).end(A, "acc_1")

    assert one.cronofy.asked[1:] == [("profile main", ("access-1", "pro_1"))]
    assert await one.connections.page_of_ids(A, after="", limit=9) == []


async def test_both_profiles_of_a_client_are_its_own(clock: FakeClock) -> None:
    """A person who connects a second calendar does not make the first one a stranger's."""
    one = kit(clock)
    await connected(one, A)
    stored = await connected(one, A, linking_profile={"provider_name": "google", "profile_id": "pro_2"})
    assert stored.connection.profiles == ("pro_1", "pro_2")
    one.cronofy.userinfos.append(userinfo_reply(pro_1="google", pro_2="google"))
    await backends(one).end(A, "acc_1")

    assert one.cronofy.count("revoke main") == 1


async def test_what_another_client_hangs_on_stays(clock: FakeClock) -> None:
    one = kit(clock)
    await connected(one, A)
    other = await connected(one, B, linking_profile={"provider_name": "google", "profile_id": "pro_2"})
    one.cronofy.userinfos.append(userinfo_reply(pro_1="google", pro_2="google"))
    await backends(one).end(A, "acc_1")

    assert one.cronofy.count("revoke") == 0
    assert one.cronofy.asked[-1] == ("profile main", ("access-1", "pro_1"))
    assert await one.connections.load(other.id) is not None


@pytest.mark.parametrize("profiles", [{"pro_1": "google"}, {"pro_1": "google", "pro_2": "google"}])
async def test_while_cronofy_refuses_nothing_is_lost(clock: FakeClock, profiles: dict[str, str]) -> None:
    one = kit(clock)
    await connected(one, A)
    one.cronofy.userinfos.append(userinfo_reply(**profiles))
    one.cronofy.revocations.append(ApiReply(500, b""))
    with pytest.raises(CronofyUnavailable):
        await backends(one).end(A, "acc_1")

    assert (await backends(one).one(A, "acc_1")).connection.state == "active"


async def test_a_lost_connection_is_ended_by_its_sub(clock: FakeClock) -> None:
    one = kit(clock)
    await one.connections.require_reconnect(await connected(one, A), lost_by="refused")
    await backends(one).end(A, "acc_1")

    assert one.cronofy.asked[-1][1]["sub"] == "acc_1"
    assert await one.connections.page_of_ids(A, after="", limit=9) == []


async def test_a_client_of_another_application_is_apart(clock: FakeClock) -> None:
    one = kit(clock)
    await connected(one, A)
    with pytest.raises(RequestRefused):
        await backends(one).one(replace(A, application="elsewhere"), "acc_1")
    page = await backends(one).page(replace(A, application="elsewhere"), cursor="", limit=10, state="")
    assert page.connections == ()
