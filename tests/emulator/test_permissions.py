import pytest

from tests.emulator.visitor import Visitor, items, keys, part


def wanted(calendar_id: str, level: str = "unrestricted") -> dict[str, object]:
    permissions = [{"calendar_id": calendar_id, "permission_level": level}]
    return {"permissions": permissions, "redirect_uri": "https://app.example.com/back?x=1"}


async def test_a_person_is_sent_to_a_url_and_comes_back_with_more(visitor: Visitor) -> None:
    await visitor.connect()
    calendar_id = (await visitor.calendar_ids())[0]
    request = part(await visitor.json("POST", "/v1/permissions", wanted(calendar_id)), "permissions_request")
    opened = await visitor.client.session.get(str(request["url"]), allow_redirects=False)
    again = await visitor.client.session.get(str(request["url"]), allow_redirects=False)
    first, _ = items(await visitor.json("GET", "/v1/calendars"), "calendars")

    assert list(request) == ["url"]
    assert opened.headers["Location"] == "https://app.example.com/back?x=1"
    assert again.status == 400
    assert first["permission_level"] == "unrestricted"


async def test_a_delegated_account_is_accepted_at_once(visitor: Visitor) -> None:
    await visitor.connect()
    authorization = visitor.state.grants.of_account(visitor.sub)
    assert authorization is not None
    authorization.granted_by = "ser_1"
    body = wanted((await visitor.calendar_ids())[0])

    assert await visitor.json("POST", "/v1/permissions", body) == {"permissions_request": {"accepted": True}}


@pytest.mark.parametrize("body", [{}, wanted("cal_unknown"), {"permissions": "x"}])
async def test_permissions_are_for_calendars_of_the_account(visitor: Visitor, body: dict[str, object]) -> None:
    await visitor.connect()

    assert "permissions" in keys(await visitor.json("POST", "/v1/permissions", body, status=422))


async def test_there_are_two_levels(visitor: Visitor) -> None:
    await visitor.connect()
    body = wanted((await visitor.calendar_ids())[0], "root")

    assert "permissions" in keys(await visitor.json("POST", "/v1/permissions", body, status=422))


@pytest.mark.parametrize("body", [None, {}, []])
async def test_a_link_token_needs_no_body(visitor: Visitor, body: object) -> None:
    await visitor.connect()

    assert (await visitor.json("POST", "/v1/link_tokens", body))["link_token"]


async def test_a_conferencing_account_is_connected_by_its_url(visitor: Visitor) -> None:
    await visitor.connect()
    body = {"redirect_uri": "https://app.example.com/back?x=1", "provider_name": "ms_teams"}
    answered = await visitor.json("POST", "/v1/conferencing_service_authorizations", body)
    url = str(part(answered, "authorization_request")["url"])
    opened = await visitor.client.session.get(url, allow_redirects=False)
    userinfo = await visitor.json("GET", "/v1/userinfo")
    (profile,) = items(part(userinfo, "cronofy.data"), "conferencing_profiles")

    assert profile["provider_name"] == "ms_teams"
    back = f"https://app.example.com/back?x=1&last_linked_profile_id={profile['profile_id']}"
    assert opened.headers["Location"] == back


async def test_a_conferencing_request_is_checked(visitor: Visitor) -> None:
    await visitor.connect()
    path = "/v1/conferencing_service_authorizations"
    body = {"redirect_uri": "https://a.example", "provider_name": "fax"}

    assert "redirect_uri" in keys(await visitor.json("POST", path, {}, status=422))
    assert "provider_name" in keys(await visitor.json("POST", path, body, status=422))
