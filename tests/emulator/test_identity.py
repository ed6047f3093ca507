import pytest

from tests.emulator.visitor import Visitor, items, part


@pytest.mark.parametrize(
    ("choice", "names"),
    [
        ({"provider": "google"}, ("google", "gsuite")),
        ({"provider": "microsoft"}, ("exchange", "office365")),
        ({"provider": "apple"}, ("apple", "icloud")),
        ({"provider": "exchange"}, ("exchange", "exchange")),
        ({"mode": "free_busy"}, ("google_free_busy", "google_free_busy")),
        ({"mode": "free_busy", "provider": "microsoft"}, ("ms_graph_free_busy", "ms_graph_free_busy")),
        ({"mode": "no_access", "provider": "apple"}, ("cronofy", "cronofy")),
    ],
)
async def test_tokens_userinfo_and_profiles_name_the_connection_alike(
    visitor: Visitor, choice: dict[str, str], names: tuple[str, str]
) -> None:
    """A gateway may learn the mode at any of the three places."""
    tokens = await visitor.connect("free_busy_write", **choice)
    userinfo = await visitor.json("GET", "/v1/userinfo")
    profiles = await visitor.json("GET", "/v1/profiles")

    found = [part(tokens, "linking_profile"), *items(part(userinfo, "cronofy.data"), "profiles")]
    for profile in [*found, *items(profiles, "profiles")]:
        assert (profile["provider_name"], profile["provider_service"]) == names


async def test_userinfo_of_a_person_has_flat_names_with_a_dot(visitor: Visitor) -> None:
    tokens = await visitor.connect("read_write", email="ada.lovelace@example.com")
    userinfo = await visitor.json("GET", "/v1/userinfo")
    data = part(userinfo, "cronofy.data")

    assert userinfo["sub"] == tokens["sub"]
    assert userinfo["cronofy.type"] == "account"
    assert (userinfo["email"], userinfo["name"]) == ("ada.lovelace@example.com", "Ada Lovelace")
    assert data["authorization"] == {"scope": "read_write", "status": "active"}
    assert data["conferencing_profiles"] == []
    (profile,) = items(data, "profiles")
    assert len(items(profile, "profile_calendars")) == 2
    assert "profile_relink_url" not in profile


async def test_userinfo_of_a_service_account_has_no_profiles(visitor: Visitor) -> None:
    await visitor.connect_organisation("free_busy_write")
    userinfo = await visitor.json("GET", "/v1/userinfo")

    assert userinfo["cronofy.type"] == "service_account"
    assert str(userinfo["sub"]).startswith("ser_")
    assert "profiles" not in part(userinfo, "cronofy.data")
    assert part(userinfo, "cronofy.data", "authorization")["delegated_scope"] == "free_busy_write"
    assert part(userinfo, "cronofy.data", "service_account")["domain"] == "example.org"


async def test_userinfo_of_an_application_calendar_looks_like_no_access_but_for_its_type(visitor: Visitor) -> None:
    body = visitor.credentials | {"application_calendar_id": "rota"}
    await visitor.keep(await visitor.client.post("/v1/application_calendars", json=body))
    userinfo = await visitor.json("GET", "/v1/userinfo")
    (profile,) = items(part(userinfo, "cronofy.data"), "profiles")

    assert userinfo["cronofy.type"] == "application_calendar"
    assert userinfo["application_calendar_id"] == "rota"
    assert "email" not in userinfo
    assert (profile["provider_name"], profile["provider_service"]) == ("cronofy", "cronofy")


async def test_a_disconnected_profile_has_a_relink_url(visitor: Visitor) -> None:
    await visitor.connect()
    account = visitor.state.people.find(visitor.sub)
    assert account is not None
    account.profiles[0].connected = False
    (profile,) = items(await visitor.json("GET", "/v1/profiles"), "profiles")

    assert profile["profile_connected"] is False
    assert str(profile["profile_relink_url"]).startswith("http://")


async def test_account_has_sub_beside_it(visitor: Visitor) -> None:
    await visitor.connect("read_write", email="ada@example.com")
    body = await visitor.json("GET", "/v1/account")

    assert body["sub"] == part(body, "account")["account_id"] == visitor.sub
    assert len(visitor.sub) == 28
    assert "sub" not in part(body, "account")


async def test_an_application_calendar_has_no_account(visitor: Visitor) -> None:
    body = visitor.credentials | {"application_calendar_id": "rota"}
    await visitor.keep(await visitor.client.post("/v1/application_calendars", json=body))

    assert await visitor.status("GET", "/v1/account") == 403


async def test_revoking_a_profile_leaves_the_others(visitor: Visitor) -> None:
    await visitor.connect(email="ada@example.com")
    await visitor.connect(email="grace@example.com")
    first, second = items(await visitor.json("GET", "/v1/profiles"), "profiles")
    response = await visitor.call("POST", f"/v1/profiles/{first['profile_id']}/revoke", [])
    left = items(await visitor.json("GET", "/v1/profiles"), "profiles")

    assert (response.status, await response.read()) == (202, b"")
    assert [profile["profile_id"] for profile in left] == [second["profile_id"]]
    assert await visitor.status("POST", f"/v1/profiles/{first['profile_id']}/revoke") == 404
