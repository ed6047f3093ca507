"""`/auth/connections` over HTTP."""

import pytest

from gateway.rules.access_mode import AccessMode, Profile
from tests.flows.fakes import APPLICATION, Kit, client, connected, userinfo_reply
from tests.web.conftest import Client

D = client("d", service_door=True)
SECRET = {"Authorization": "Bearer d-secret"}


async def test_a_connection_is_told_without_a_token(http: Client, one: Kit) -> None:
    await connected(one, D)
    await one.modes.learn(APPLICATION, "acc_1", Profile("pro_1", AccessMode.FREE_BUSY, name="x@example.com"))
    wanted = {
        "sub": "acc_1",
        "state": "active",
        "scope": "free_busy_write",
        "access_mode": "free_busy",
        "profiles": [
            {"profile_id": "pro_1", "profile_name": "x@example.com", "access_mode": "free_busy", "connected": True}
        ],
        "renewed_at": int(one.clock.now()),
    }
    async with http.get("/auth/connections/acc_1", headers=SECRET) as answer:
        assert (answer.status, await answer.json()) == (200, wanted)
        assert answer.headers["Cache-Control"] == "no-store"
    async with http.get("/auth/connections", headers=SECRET) as answer:
        assert await answer.json() == {"connections": [wanted]}


async def test_pages_are_bounded_and_lead_on(http: Client, one: Kit) -> None:
    stored = [await connected(one, D, sub=f"acc_{number}") for number in range(3)]
    await one.connections.require_reconnect(stored[0], lost_by="refused")
    async with http.get("/auth/connections?limit=2", headers=SECRET) as answer:
        first = await answer.json()
    async with http.get(f"/auth/connections?limit=2&cursor={first['next']}", headers=SECRET) as answer:
        last = await answer.json()
    assert "next" not in last
    assert {found["sub"] for page in (first, last) for found in page["connections"]} == {"acc_0", "acc_1", "acc_2"}
    async with http.get("/auth/connections?state=reconnect_required", headers=SECRET) as answer:
        (lost,) = (await answer.json())["connections"]
    assert (lost["sub"], lost["lost_by"]) == ("acc_0", "refused")


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=201",
        "limit=x",
        "limit=-1",
        "limit=1e2",
        "state=erased",
        "cursor=x",
        "cursor=%00",
        "cursor=%ff",
    ],
)
async def test_a_query_that_means_nothing_is_a_422(http: Client, query: str) -> None:
    async with http.get(f"/auth/connections?{query}", headers=SECRET) as answer:
        assert answer.status == 422


@pytest.mark.parametrize("path", ["/auth/connections", "/auth/connections/acc_1"])
@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({}, 401, "credentials_missing"),
        ({"Authorization": "Bearer None"}, 401, "credentials_missing"),
        ({"Authorization": "Bearer access-1"}, 401, "credentials_unknown"),
        ({"Authorization": "Basic ZDpkLXNlY3JldA=="}, 401, "credentials_missing"),
        ({"Authorization": "Bearer b-secret"}, 403, "service_door_closed"),
    ],
)
async def test_only_a_client_with_the_door_is_answered(
    http: Client, one: Kit, path: str, headers: dict[str, str], status: int, code: str
) -> None:
    await connected(one, D)
    async with http.get(path, headers=headers) as answer:
        assert (answer.status, answer.headers["Gateway-Error"]) == (status, code)
        assert (status == 401) == ("WWW-Authenticate" in answer.headers)


async def test_ending_one_answers_204_and_then_404(http: Client, one: Kit) -> None:
    await connected(one, D)
    one.cronofy.userinfos.append(userinfo_reply(pro_1="google"))
    for status in (204, 404, 404):
        async with http.delete("/auth/connections/acc_1", headers=SECRET) as answer:
            assert answer.status == status
            assert answer.headers["Cache-Control"] == "no-store"
    assert one.cronofy.count("revoke") == 1


@pytest.mark.parametrize("sub", ["acc_2", "pro_1", "acc_%00", "x/y"])
async def test_any_other_sub_is_unknown(http: Client, sub: str) -> None:
    async with http.get(f"/auth/connections/{sub}", headers=SECRET) as answer:
        assert answer.headers["Gateway-Error"] in {"connection_unknown", "bad_target"}
        assert answer.status in {404, 400}
