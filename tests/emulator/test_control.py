import pytest

from tests.emulator.visitor import Json, Value, Visitor, items, keys

ALL = [
    ("PUT", "/_emulator/autoconsent"),
    ("POST", "/_emulator/tokens/rotate"),
    ("POST", "/_emulator/faults"),
    ("POST", "/_emulator/people"),
    ("POST", "/_emulator/reset"),
]


async def test_consent_in_advance_can_be_given_and_withdrawn(visitor: Visitor) -> None:
    given = await visitor.json("PUT", "/_emulator/autoconsent", {"mode": "free_busy"})
    at_once = await visitor.open(authorize_url(visitor))
    await visitor.json("DELETE", "/_emulator/autoconsent")
    asked = await visitor.open(authorize_url(visitor))

    assert isinstance(given["autoconsent"], dict)
    assert given["autoconsent"]["mode"] == "free_busy"
    assert (at_once.status, asked.status) == (302, 200)


async def test_consent_that_cannot_be_is_a_422(visitor: Visitor) -> None:
    body = {"mode": "free_busy", "provider": "apple"}

    assert "mode" in keys(await visitor.json("PUT", "/_emulator/autoconsent", body, status=422))


@pytest.mark.parametrize(("method", "path"), ALL)
@pytest.mark.parametrize("raw", [b"{", b"[1]", b"\xff", b'"text"'])
async def test_bad_json_is_a_400(visitor: Visitor, method: str, path: str, raw: bytes) -> None:
    response = await visitor.client.request(method, path, data=raw)

    assert response.status == 400
    assert (await response.json())["error"] == "invalid_json"


async def test_a_reset_forgets_everything(visitor: Visitor) -> None:
    tokens = await visitor.connect()
    await visitor.json("POST", "/_emulator/tokens/rotate", {"on": True})
    await visitor.json("POST", "/_emulator/faults", {"path": "/v1/userinfo", "status": 503})
    await visitor.json("POST", "/_emulator/reset")

    assert await visitor.status("GET", "/v1/userinfo") == 401
    assert (await visitor.refresh(str(tokens["refresh_token"]))).status == 400
    assert (await visitor.open(authorize_url(visitor))).status == 200
    assert visitor.state.rotation.kind == "off"
    assert len(await requests(visitor)) == 3
    assert visitor.state.people.accounts == {}


async def test_requests_are_listed_without_values(visitor: Visitor) -> None:
    await visitor.connect()
    await visitor.json("DELETE", "/_emulator/requests")
    await visitor.call("GET", "/v1/events?calendar_ids[]=secret-value&only_managed=true")
    await visitor.call("GET", "/v1/nothing")
    await visitor.open("/")
    first, second = await requests(visitor)

    assert (first["method"], first["path"], first["status"]) == ("GET", "/v1/events", 200)
    assert first["query_names"] == ["calendar_ids[]", "only_managed"]
    assert isinstance(first["header_names"], list)
    assert "authorization" in first["header_names"]
    assert (second["path"], second["status"]) == ("/v1/nothing", 404)
    assert "secret-value" not in str(first)
    assert visitor.access_token not in str(first)


async def test_access_tokens_expire_on_demand_and_refresh_tokens_stay(visitor: Visitor) -> None:
    tokens = await visitor.connect()
    told = await visitor.json("POST", "/_emulator/tokens/expire")

    assert told == {"expired": 1}
    assert await visitor.status("GET", "/v1/userinfo") == 401
    assert (await visitor.refresh(str(tokens["refresh_token"]))).status == 200


async def test_rotation_can_be_switched(visitor: Visitor) -> None:
    tokens = await visitor.connect()
    await visitor.json("POST", "/_emulator/tokens/rotate", {"on": True})
    renewed = await visitor.keep(await visitor.refresh(str(tokens["refresh_token"])))
    await visitor.json("POST", "/_emulator/tokens/rotate", {"on": False})
    again = await visitor.keep(await visitor.refresh(str(renewed["refresh_token"])))

    assert renewed["refresh_token"] != tokens["refresh_token"]
    assert again["refresh_token"] == renewed["refresh_token"]
    assert (await visitor.refresh(str(tokens["refresh_token"]))).status == 400
    assert "on" in keys(await visitor.json("POST", "/_emulator/tokens/rotate", {"on": 1}, status=422))


async def test_rotation_can_have_a_grace(visitor: Visitor) -> None:
    old = str((await visitor.connect())["refresh_token"])
    told = await visitor.json("POST", "/_emulator/tokens/rotate", {"kind": "grace", "grace": 5})
    renewed = await visitor.keep(await visitor.refresh(old))
    again = await visitor.keep(await visitor.refresh(old))
    visitor.clock.now += 5

    assert told == {"rotate": True, "kind": "grace", "grace": 5, "reuse_revokes": False}
    assert again["refresh_token"] == renewed["refresh_token"] != old
    assert (await visitor.refresh(old)).status == 400
    bad = {"kind": "never", "grace": -1}
    assert set(keys(await visitor.json("POST", "/_emulator/tokens/rotate", bad, status=422))) == {"kind", "grace"}


async def test_token_requests_are_counted_from_the_reset_on(visitor: Visitor) -> None:
    tokens = await visitor.connect()
    await visitor.refresh(str(tokens["refresh_token"]))
    await visitor.refresh("unknown")
    counted = await visitor.json("GET", "/_emulator/tokens/counts")
    await visitor.json("POST", "/_emulator/reset")

    assert counted == {"refreshes": 1, "codes": 1, "refused": 1}
    assert await visitor.json("GET", "/_emulator/tokens/counts") == {"refreshes": 0, "codes": 0, "refused": 0}


async def test_of_a_thousand_people_each_token_is_its_own_persons(visitor: Visitor) -> None:
    """A test of a gateway sees by this whether a call reached the account of its caller."""
    people = items(await visitor.json("POST", "/_emulator/people", {"count": 1000}), "people")
    for person in people:
        visitor.access_token = str(person["access_token"])
        account, userinfo = await visitor.json("GET", "/v1/account"), await visitor.json("GET", "/v1/userinfo")
        assert account["sub"] == userinfo["sub"] == person["sub"]

    assert len({str(person["sub"]) for person in people}) == 1000


async def test_invited_people_are_in_the_mode_that_was_asked_for(visitor: Visitor) -> None:
    body = {"count": 2, "mode": "no_access", "expires_in": 60}
    _, person = items(await visitor.json("POST", "/_emulator/people", body), "people")
    visitor.access_token = str(person["access_token"])
    (profile,) = items(await visitor.json("GET", "/v1/profiles"), "profiles")
    renewed = await visitor.refresh(str(person["refresh_token"]))

    assert set(person) == {"sub", "refresh_token", "access_token", "profile_id"}
    assert (profile["profile_id"], profile["provider_name"]) == (person["profile_id"], "cronofy")
    assert (await renewed.json())["scope"] == "free_busy_write"
    visitor.clock.now += 60
    assert await visitor.status("GET", "/v1/profiles") == 401
    assert "count" in keys(await visitor.json("POST", "/_emulator/people", {}, status=422))


async def test_a_fault_strikes_so_often_and_no_more(visitor: Visitor) -> None:
    await visitor.connect()
    await visitor.json("POST", "/_emulator/faults", {"path": "/v1/userinfo", "status": 503, "times": 2})
    statuses = [await visitor.status("GET", "/v1/userinfo") for _ in range(3)]

    assert statuses == [503, 503, 200]
    assert "path" in keys(await visitor.json("POST", "/_emulator/faults", {}, status=422))


def authorize_url(visitor: Visitor) -> str:
    query = f"response_type=code&client_id={visitor.settings.client_id}&scope=read_write"
    return f"/oauth/authorize?{query}&redirect_uri=https://app.example.com"


async def requests(visitor: Visitor) -> list[Json]:
    body: dict[str, Value] = await visitor.json("GET", "/_emulator/requests")
    return items(body, "requests")
