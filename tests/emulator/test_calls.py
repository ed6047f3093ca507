import pytest

from tests.emulator.visitor import Visitor, keys

KEY_ONLY = [
    ("POST", "/v1/element_tokens"),
    ("POST", "/v1/smart_invites"),
    ("POST", "/v1/attachments"),
    ("POST", "/v1/bookable_events"),
    ("GET", "/v1/real_time_scheduling"),
]


@pytest.mark.parametrize("token", ["", "unknown", "None", "undefined", "café"])
async def test_an_unknown_token_is_challenged(visitor: Visitor, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    response = await visitor.call("GET", "/v1/userinfo", headers=headers)

    assert response.status == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"


async def test_an_expired_token_is_challenged(visitor: Visitor) -> None:
    await visitor.connect()
    visitor.clock.now += 3599
    before = await visitor.status("GET", "/v1/userinfo")
    visitor.clock.now += 1

    assert (before, await visitor.status("GET", "/v1/userinfo")) == (200, 401)


@pytest.mark.parametrize(("method", "path"), KEY_ONLY)
async def test_a_token_is_no_api_key(visitor: Visitor, method: str, path: str) -> None:
    await visitor.connect()

    assert await visitor.status(method, path) == 401


@pytest.mark.parametrize("path", ["/v1/userinfo", "/v1/events", "/v1/calendars"])
async def test_an_api_key_is_no_token(visitor: Visitor, path: str) -> None:
    visitor.use_key()

    assert await visitor.status("GET", path) == 401


@pytest.mark.parametrize("which", [0, 1])
async def test_every_active_secret_is_an_api_key(visitor: Visitor, which: int) -> None:
    visitor.use_key(which)

    assert await visitor.status("POST", "/v1/element_tokens", {}) == 422


async def test_a_service_account_reads_no_calendar_of_its_own(visitor: Visitor) -> None:
    await visitor.connect_organisation()

    assert await visitor.status("GET", "/v1/events") == 403
    assert await visitor.status("GET", "/v1/account") == 200


async def test_a_person_manages_no_organisation(visitor: Visitor) -> None:
    await visitor.connect()

    assert await visitor.status("GET", "/v1/resources") == 403


@pytest.mark.parametrize("body", [{}, []])
async def test_a_get_may_carry_a_body(visitor: Visitor, body: object) -> None:
    await visitor.connect()

    assert await visitor.status("GET", "/v1/userinfo", body) == 200


async def test_an_unreadable_body_is_a_422(visitor: Visitor) -> None:
    """400 is for the token endpoints only."""
    await visitor.connect()
    headers = {"Authorization": f"Bearer {visitor.access_token}", "Content-Type": "application/json"}
    response = await visitor.client.post("/v1/batch", data=b"{", headers=headers)

    assert response.status == 422
    assert keys(await response.json()) == {"body": "errors.invalid"}
