import re
from typing import ClassVar

import pytest
import yarl

from gateway.emulator.authorize import BROWSER_COOKIE, LINK_TOKEN_LIFETIME
from tests.emulator.visitor import CALLBACK, Visitor, items, part, returned


async def test_a_code_is_32_ascii_characters_and_comes_with_the_state(visitor: Visitor) -> None:
    await visitor.consent()
    back = await visitor.authorize(state="abc")

    assert re.fullmatch(r"[\x21-\x7e]{32}", back["code"])
    assert back["state"] == "abc"


async def test_declining_is_access_denied(visitor: Visitor) -> None:
    await visitor.consent(decline=True)
    back = await visitor.authorize(state="abc")

    assert (back["error"], back["state"]) == ("access_denied", "abc")
    assert "code" not in back


@pytest.mark.parametrize("state", ["a%2Bb", "a+b", '{"x":1}', "%FF%00", "a=b/c?d", "caf%C3%A9", "%e2%82%ac~!*'()"])
async def test_state_returns_byte_for_byte(visitor: Visitor, state: str) -> None:
    """PHP does not encode it at all, so what is on the wire is what must come back."""
    await visitor.consent()
    path = f"/oauth/authorize?response_type=code&client_id=emulator-application&scope=read_write&state={state}"
    url = visitor.client.make_url("/")
    raw = yarl.URL(f"{url}{path[1:]}&redirect_uri={CALLBACK}", encoded=True)
    response = await visitor.client.session.get(raw, allow_redirects=False)

    assert response.headers["Location"].endswith(f"&state={state}")


async def test_an_unknown_client_gets_a_page_and_no_redirect(visitor: Visitor) -> None:
    query = {"response_type": "code", "client_id": "<b>", "redirect_uri": CALLBACK, "scope": "read_write"}
    response = await visitor.open("/oauth/authorize", **query)

    assert response.status == 400
    assert response.content_type == "text/html"
    assert "Location" not in response.headers


async def test_the_second_authorization_in_a_browser_joins_the_account(visitor: Visitor) -> None:
    """Implicit linking: one sub and one refresh token, two profiles."""
    first = await visitor.connect(email="ada@example.com")
    second = await visitor.connect(email="grace@example.com")

    assert second["sub"] == first["sub"]
    assert second["refresh_token"] == first["refresh_token"]
    assert part(second, "linking_profile")["profile_name"] == "grace@example.com"
    assert len(items(await visitor.json("GET", "/v1/profiles"), "profiles")) == 2


async def test_the_same_calendar_account_is_relinked_not_added(visitor: Visitor) -> None:
    first = await visitor.connect(email="ada@example.com")
    second = await visitor.connect(email="ada@example.com")

    assert part(second, "linking_profile")["profile_id"] == part(first, "linking_profile")["profile_id"]
    assert len(items(await visitor.json("GET", "/v1/profiles"), "profiles")) == 1


@pytest.mark.parametrize(("value", "is_linked"), [("true", False), ("1", False), ("True", False), ("False", True)])
async def test_avoid_linking_keeps_people_apart(visitor: Visitor, value: str, is_linked: bool) -> None:
    first = await visitor.connect(email="ada@example.com")
    second = await visitor.connect("read_write", {"avoid_linking": value}, email="grace@example.com")

    assert (second["sub"] == first["sub"]) is is_linked


async def test_a_person_with_two_browsers_is_one_account(visitor: Visitor) -> None:
    first = await visitor.connect(email="ada@example.com")
    visitor.client.session.cookie_jar.clear()
    second = await visitor.connect(email="Ada@Example.com")

    assert (second["sub"], second["refresh_token"]) == (first["sub"], first["refresh_token"])


async def test_the_cookie_is_persistent_and_kept_from_scripts(visitor: Visitor) -> None:
    await visitor.consent()
    query = {"response_type": "code", "client_id": "emulator-application", "redirect_uri": CALLBACK}
    response = await visitor.open("/oauth/authorize", **query, scope="read_write")
    cookie = response.cookies[BROWSER_COOKIE]

    assert int(cookie["max-age"]) > 86_400
    assert cookie["httponly"] is True


async def test_a_link_token_joins_accounts_across_browsers_once(visitor: Visitor) -> None:
    first = await visitor.connect(email="ada@example.com")
    link_token = str((await visitor.json("POST", "/v1/link_tokens", []))["link_token"])
    visitor.client.session.cookie_jar.clear()
    second = await visitor.connect("read_write", {"link_token": link_token}, email="grace@example.com")
    visitor.client.session.cookie_jar.clear()
    third = await visitor.connect("read_write", {"link_token": link_token}, email="edsger@example.com")

    assert second["sub"] == first["sub"]
    assert third["sub"] != first["sub"]


async def test_a_link_token_is_temporary(visitor: Visitor) -> None:
    first = await visitor.connect(email="ada@example.com")
    link_token = str((await visitor.json("POST", "/v1/link_tokens"))["link_token"])
    visitor.clock.now += LINK_TOKEN_LIFETIME
    query = {"link_token": link_token, "avoid_linking": "true"}
    second = await visitor.connect("read_write", query, email="grace@example.com")

    assert second["sub"] != first["sub"]


async def test_without_free_busy_write_nobody_chooses_a_mode(visitor: Visitor) -> None:
    tokens = await visitor.connect("read_write", mode="no_access")

    assert part(tokens, "linking_profile")["provider_name"] == "google"


@pytest.mark.parametrize(
    ("provider_name", "expected"),
    [
        ("google_free_busy", "google_free_busy"),
        ("ms_graph_free_busy", "ms_graph_free_busy"),
        ("cronofy", "cronofy"),
        ("apple", "apple"),
        ("office365", "exchange"),
        ("", "google"),
        ("unheard_of", "google"),
    ],
)
async def test_provider_name_wins_over_consent_in_advance(visitor: Visitor, provider_name: str, expected: str) -> None:
    tokens = await visitor.connect("free_busy_write", {"provider_name": provider_name}, provider="google")

    assert part(tokens, "linking_profile")["provider_name"] == expected


async def test_a_provider_that_has_no_free_busy_is_connected_in_full(visitor: Visitor) -> None:
    tokens = await visitor.connect("free_busy_write", {"provider_name": "apple"}, mode="free_busy")

    assert part(tokens, "linking_profile")["provider_name"] == "apple"


async def test_enterprise_gives_a_code_for_a_service_account(visitor: Visitor) -> None:
    tokens = await visitor.connect_organisation("free_busy_write")

    assert str(tokens["service_account_id"]).startswith("ser_")
    assert tokens["scope"] == "service_account/accounts/manage service_account/resources/manage"


async def test_authorizing_again_after_a_revocation_keeps_the_sub(visitor: Visitor) -> None:
    first = await visitor.connect()
    body = visitor.credentials | {"token": first["refresh_token"]}
    await visitor.client.post("/oauth/token/revoke", json=body)
    second = await visitor.connect()

    assert second["sub"] == first["sub"]
    assert second["refresh_token"] != first["refresh_token"]


async def test_choosing_another_mode_changes_the_profile(visitor: Visitor) -> None:
    """One mailbox has one connection, so nobody is read-write and free/busy at once."""
    await visitor.connect("free_busy_write")
    await visitor.connect("free_busy_write", mode="free_busy")
    (profile,) = items(await visitor.json("GET", "/v1/profiles"), "profiles")

    assert profile["provider_name"] == "google_free_busy"


class TestTheForm:
    query: ClassVar = {
        "response_type": "code",
        "client_id": "emulator-application",
        "redirect_uri": CALLBACK,
        "state": "s",
    }

    async def send(self, visitor: Visitor, form: dict[str, str], **query: str) -> dict[str, str]:
        response = await visitor.client.post(
            "/oauth/authorize", params=self.query | query, data=form, allow_redirects=False
        )
        return returned(response)

    async def test_allowing_gives_what_was_picked(self, visitor: Visitor) -> None:
        form = {"decision": "allow", "email": "ada@example.com", "provider": "microsoft", "mode": "free_busy"}
        back = await self.send(visitor, form, scope="free_busy_write")
        tokens = await visitor.keep(await visitor.exchange(back["code"]))

        assert back["state"] == "s"
        assert part(tokens, "linking_profile")["provider_name"] == "ms_graph_free_busy"
        assert part(tokens, "linking_profile")["profile_name"] == "ada@example.com"

    async def test_a_mode_that_was_not_offered_is_ignored(self, visitor: Visitor) -> None:
        form = {"decision": "allow", "email": "ada@example.com", "provider": "google", "mode": "no_access"}
        back = await self.send(visitor, form, scope="read_write")
        tokens = await visitor.keep(await visitor.exchange(back["code"]))

        assert part(tokens, "linking_profile")["provider_name"] == "google"

    async def test_a_mode_that_the_link_fixes_cannot_be_changed(self, visitor: Visitor) -> None:
        form = {"decision": "allow", "email": "ada@example.com", "provider": "google", "mode": "read_write"}
        back = await self.send(visitor, form, scope="free_busy_write", provider_name="cronofy")
        tokens = await visitor.keep(await visitor.exchange(back["code"]))

        assert part(tokens, "linking_profile")["provider_name"] == "cronofy"

    async def test_a_preselected_provider_can_be_changed(self, visitor: Visitor) -> None:
        form = {"decision": "allow", "email": "ada@example.com", "provider": "apple"}
        back = await self.send(visitor, form, scope="read_write", provider_name="google")
        tokens = await visitor.keep(await visitor.exchange(back["code"]))

        assert part(tokens, "linking_profile")["provider_name"] == "apple"

    async def test_declining_is_access_denied(self, visitor: Visitor) -> None:
        back = await self.send(visitor, {"decision": "decline", "email": ""}, scope="read_write")

        assert (back["error"], back["state"]) == ("access_denied", "s")

    @pytest.mark.parametrize(
        "form",
        [
            {"email": "nobody", "provider": "google"},
            {"email": "a@example.com", "provider": "apple", "mode": "free_busy"},
            {"email": "a@example.com", "provider": "yahoo"},
        ],
    )
    async def test_a_choice_that_cannot_be_shows_the_page_again(self, visitor: Visitor, form: dict[str, str]) -> None:
        query = self.query | {"scope": "free_busy_write"}
        response = await visitor.client.post("/oauth/authorize", params=query, data={"decision": "allow"} | form)

        assert response.status == 422
        assert 'role="alert"' in await response.text()

    async def test_the_request_is_checked_once_more(self, visitor: Visitor) -> None:
        changed = self.query | {"client_id": "somebody", "scope": "read_write"}
        response = await visitor.client.post("/oauth/authorize", params=changed, data={"decision": "allow"})
        back = await self.send(visitor, {"decision": "allow"}, scope="everything")

        assert response.status == 400
        assert back["error"] == "invalid_scope"
