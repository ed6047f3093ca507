import pytest
from aiohttp import ClientResponse, encode_basic_auth

from gateway.emulator.rotation import Rotation
from gateway.emulator.token_counts import TokenCounts
from tests.emulator.conftest import MakeVisitor
from tests.emulator.visitor import CALLBACK, Visitor, part

NO_STORE = ("no-store", "no-cache")


async def refused(response: ClientResponse, error: str) -> bool:
    body = await response.json()
    cached = response.headers["Cache-Control"], response.headers["Pragma"]
    return (response.status, body["error"], cached) == (400, error, NO_STORE) and bool(body["error_description"])


async def test_a_code_gives_the_full_set_of_fields(visitor: Visitor) -> None:
    await visitor.consent(email="ada@example.com")
    code = (await visitor.authorize("create_event delete_event"))["code"]
    response = await visitor.exchange(code)
    tokens = await visitor.keep(response)

    assert list(tokens) == [
        "token_type",
        "access_token",
        "expires_in",
        "refresh_token",
        "scope",
        "account_id",
        "sub",
        "linking_profile",
    ]
    assert (tokens["token_type"], tokens["expires_in"]) == ("bearer", 3600)
    assert tokens["scope"] == "create_event delete_event"
    assert tokens["account_id"] == tokens["sub"]
    assert set(part(tokens, "linking_profile")) == {"provider_name", "provider_service", "profile_id", "profile_name"}
    assert len(str(tokens["access_token"])) == len(str(tokens["refresh_token"])) == 32
    assert (response.headers["Cache-Control"], response.headers["Pragma"]) == NO_STORE
    assert response.headers["Content-Type"] == "application/json; charset=utf-8"


async def test_a_refresh_gives_a_new_access_token_and_no_identity(visitor: Visitor) -> None:
    tokens = await visitor.connect()
    renewed = await visitor.keep(await visitor.refresh(str(tokens["refresh_token"])))

    assert set(renewed) == {"token_type", "access_token", "expires_in", "refresh_token", "scope"}
    assert renewed["access_token"] != tokens["access_token"]
    assert renewed["refresh_token"] == tokens["refresh_token"]
    assert await visitor.status("GET", "/v1/userinfo") == 200


async def test_rotation_is_a_setting(make_visitor: MakeVisitor) -> None:
    visitor = await make_visitor(rotation=Rotation(kind="strict"))
    tokens = await visitor.connect()
    renewed = await visitor.keep(await visitor.refresh(str(tokens["refresh_token"])))
    again = await visitor.connect()

    assert renewed["refresh_token"] != tokens["refresh_token"]
    assert again["refresh_token"] == renewed["refresh_token"]
    assert await refused(await visitor.refresh(str(tokens["refresh_token"])), "invalid_grant")


async def test_in_the_grace_two_callers_get_the_same_refresh_token(make_visitor: MakeVisitor) -> None:
    """The second one, which comes late with the old one, has an access token of its own."""
    visitor = await make_visitor(rotation=Rotation(kind="grace", grace=30))
    old = str((await visitor.connect())["refresh_token"])
    first = await visitor.keep(await visitor.refresh(old))
    visitor.clock.now += 29
    second = await visitor.keep(await visitor.refresh(old))

    assert first["refresh_token"] == second["refresh_token"] != old
    assert first["access_token"] != second["access_token"]
    assert await visitor.status("GET", "/v1/userinfo") == 200
    visitor.clock.now += 1
    assert await refused(await visitor.refresh(old), "invalid_grant")


async def test_a_reuse_can_end_every_token_of_the_account(make_visitor: MakeVisitor) -> None:
    visitor = await make_visitor(rotation=Rotation(kind="strict", reuse_revokes=True))
    old = str((await visitor.connect())["refresh_token"])
    renewed = await visitor.keep(await visitor.refresh(old))

    assert await visitor.status("GET", "/v1/userinfo") == 200
    assert await refused(await visitor.refresh(old), "invalid_grant")
    assert await visitor.status("GET", "/v1/userinfo") == 401
    assert await refused(await visitor.refresh(str(renewed["refresh_token"])), "invalid_grant")


async def test_token_requests_are_counted_by_what_came_of_them(visitor: Visitor) -> None:
    tokens = await visitor.connect()
    for _ in range(2):
        await visitor.refresh(str(tokens["refresh_token"]))
    await visitor.refresh("unknown")
    await visitor.exchange("unknown")
    await visitor.client.post("/oauth/token", json=visitor.credentials | {"client_secret": "wrong"})
    await visitor.client.post("/oauth/token", data=b"{")
    await visitor.client.post("/oauth/token/revoke", json=visitor.credentials)

    assert visitor.state.token_counts == TokenCounts(refreshes=2, codes=1, refused=4)


async def test_a_service_account_has_half_an_hour_and_no_profile(visitor: Visitor) -> None:
    tokens = await visitor.connect_organisation()

    assert tokens["expires_in"] == 1800
    assert str(tokens["service_account_id"]).startswith("ser_")
    assert {"linking_profile", "account_id"}.isdisjoint(tokens)
    assert (await (await visitor.refresh(str(tokens["refresh_token"]))).json())["expires_in"] == 1800


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("junk", ["", "Bearer None", "Bearer undefined", "Bearer old-token"])
async def test_forms_do_as_well_whatever_bearer_comes_along(visitor: Visitor, which: int, junk: str) -> None:
    await visitor.consent()
    form = {"client_id": visitor.settings.client_id, "client_secret": visitor.settings.client_secrets[which]}
    form |= {"grant_type": "authorization_code", "redirect_uri": CALLBACK, "code": (await visitor.authorize())["code"]}
    response = await visitor.client.post("/oauth/token", data=form, headers={"Authorization": junk})

    assert response.status == 200


async def test_basic_credentials_do_as_well(visitor: Visitor) -> None:
    await visitor.consent()
    form = {"grant_type": "authorization_code", "redirect_uri": CALLBACK, "code": (await visitor.authorize())["code"]}
    header = encode_basic_auth(visitor.settings.client_id, visitor.settings.client_secrets[1])

    assert (await visitor.client.post("/oauth/token", data=form, headers={"Authorization": header})).status == 200


async def test_a_code_is_good_once_and_for_its_redirect_uri(visitor: Visitor) -> None:
    await visitor.consent()
    code = (await visitor.authorize())["code"]

    assert await refused(await visitor.exchange(code, CALLBACK + "/"), "invalid_grant")
    assert (await visitor.exchange(code)).status == 200
    assert await refused(await visitor.exchange(code), "invalid_grant")
    assert await refused(await visitor.exchange("unknown"), "invalid_grant")


@pytest.mark.parametrize("change", [{"client_secret": "wrong"}, {"client_id": "wrong"}, {"client_secret": ""}])
@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/token/revoke"])
async def test_wrong_credentials_are_a_400(visitor: Visitor, path: str, change: dict[str, str]) -> None:
    body = visitor.credentials | change | {"grant_type": "refresh_token", "refresh_token": "x", "token": "x"}

    assert await refused(await visitor.client.post(path, json=body), "invalid_client")


@pytest.mark.parametrize(
    ("change", "error"),
    [({}, "invalid_request"), ({"grant_type": "password"}, "unsupported_grant_type")],
)
async def test_only_two_grant_types_are_known(visitor: Visitor, change: dict[str, str], error: str) -> None:
    assert await refused(await visitor.client.post("/oauth/token", json=visitor.credentials | change), error)


@pytest.mark.parametrize("raw", [b"{", b"[1]", b"\xff", b"[" * 100_000])
async def test_an_unreadable_body_is_an_invalid_request(visitor: Visitor, raw: bytes) -> None:
    assert await refused(await visitor.client.post("/oauth/token", data=raw), "invalid_request")


class TestRevoke:
    async def revoke(self, visitor: Visitor, **fields: object) -> ClientResponse:
        return await visitor.client.post("/oauth/token/revoke", json=visitor.credentials | fields)

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("token", "refresh_token"),
            ("token", "access_token"),
            ("refresh_token", "refresh_token"),
            ("sub", "sub"),
        ],
    )
    async def test_all_tokens_of_the_account_end(self, visitor: Visitor, field: str, value: str) -> None:
        """Node names the field refresh_token, Python sends an access token."""
        tokens = await visitor.connect()
        await visitor.refresh(str(tokens["refresh_token"]))
        response = await self.revoke(visitor, **{field: tokens[value]})

        assert (response.status, await response.read()) == (200, b"")
        assert await visitor.status("GET", "/v1/userinfo") == 401
        assert await refused(await visitor.refresh(str(tokens["refresh_token"])), "invalid_grant")

    async def test_a_form_does_as_well(self, visitor: Visitor) -> None:
        tokens = await visitor.connect()
        form = {name: str(value) for name, value in visitor.credentials.items()}
        await visitor.client.post("/oauth/token/revoke", data=form | {"token": str(tokens["refresh_token"])})

        assert await visitor.status("GET", "/v1/userinfo") == 401

    async def test_token_beats_sub(self, visitor: Visitor) -> None:
        first = await visitor.connect(email="ada@example.com")
        second = await visitor.connect("read_write", {"avoid_linking": "true"}, email="grace@example.com")
        await self.revoke(visitor, token=first["refresh_token"], sub=second["sub"])

        assert await visitor.status("GET", "/v1/userinfo") == 200
        assert (await visitor.refresh(str(first["refresh_token"]))).status == 400

    async def test_what_means_nothing_is_a_200_without_effect(self, visitor: Visitor) -> None:
        tokens = await visitor.connect()
        visitor.clock.now += 3600
        expired = await self.revoke(visitor, token=tokens["access_token"])
        unknown = await self.revoke(visitor, token="unknown")

        assert (expired.status, unknown.status) == (200, 200)
        assert (await visitor.refresh(str(tokens["refresh_token"]))).status == 200

    async def test_nothing_to_revoke_is_an_invalid_request(self, visitor: Visitor) -> None:
        assert await refused(await self.revoke(visitor), "invalid_request")

    async def test_erasure_forgets_the_person(self, visitor: Visitor) -> None:
        tokens = await visitor.connect()
        await self.revoke(visitor, token=tokens["refresh_token"], request_pii_erasure=True)

        assert visitor.state.people.find(str(tokens["sub"])) is None
