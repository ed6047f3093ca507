import re

import pytest

from tests.emulator.visitor import CALLBACK, Visitor

QUERY = {"response_type": "code", "client_id": "emulator-application", "redirect_uri": CALLBACK}


async def page(visitor: Visitor, path: str = "/oauth/authorize", **query: str) -> str:
    response = await visitor.open(path, **(QUERY | query))
    assert (response.status, response.content_type) == (200, "text/html")
    return await response.text()


def radios(text: str, name: str) -> list[str]:
    return re.findall(rf'name="{name}" value="([^"]+)"', text)


async def test_a_person_picks_account_and_provider(visitor: Visitor) -> None:
    text = await page(visitor, scope="read_write")

    assert radios(text, "provider") == ["google", "microsoft", "apple", "exchange"]
    assert radios(text, "mode") == []
    assert '<label for="email">' in text
    assert 'name="decision" value="decline"' in text


async def test_the_modes_are_offered_for_free_busy_write(visitor: Visitor) -> None:
    individual = await page(visitor, scope="free_busy_write")
    scopes = {"scope": "service_account/accounts/manage", "delegated_scope": "free_busy_write"}
    enterprise = await page(visitor, "/enterprise_connect/oauth/authorize", **scopes)

    assert radios(individual, "mode") == radios(enterprise, "mode") == ["read_write", "free_busy", "no_access"]


@pytest.mark.parametrize(
    ("provider_name", "modes", "providers"),
    [
        ("google_free_busy", ["free_busy"], ["google"]),
        ("ms_graph_free_busy", ["free_busy"], ["microsoft"]),
        ("cronofy", ["no_access"], []),
    ],
)
async def test_a_provider_name_with_a_mode_settles_it(
    visitor: Visitor, provider_name: str, modes: list[str], providers: list[str]
) -> None:
    text = await page(visitor, scope="free_busy_write", provider_name=provider_name)

    assert (radios(text, "mode"), radios(text, "provider")) == (modes, providers)


async def test_another_provider_name_preselects(visitor: Visitor) -> None:
    text = await page(visitor, scope="free_busy_write", provider_name="office365")

    assert 'value="microsoft" checked' in text
    assert 'value="google" checked' not in text


async def test_of_a_crowd_the_newest_are_suggested(visitor: Visitor) -> None:
    """All of a hundred thousand would be megabytes on each page."""
    await visitor.json("POST", "/_emulator/people", {"count": 150})
    text = await page(visitor, scope="read_write")

    assert text.count("<option") == 100
    assert '"person-150@' in text
    assert '"person-50@' not in text


async def test_known_people_are_suggested(visitor: Visitor) -> None:
    await visitor.connect(email="ada&co@example.com")
    await visitor.client.delete("/_emulator/autoconsent")

    assert '<option value="ada&amp;co@example.com">' in await page(visitor, scope="read_write")


async def test_what_was_typed_is_escaped(visitor: Visitor) -> None:
    form = {"decision": "allow", "email": '"><script>alert(1)</script>', "provider": "google"}
    response = await visitor.client.post("/oauth/authorize", params=QUERY | {"scope": "read_write"}, data=form)
    text = await response.text()

    assert response.status == 422
    assert "<script" not in text
    assert "&lt;script&gt;" in text


async def test_every_control_has_a_label(visitor: Visitor) -> None:
    text = await page(visitor, scope="free_busy_write")

    assert set(re.findall(r'<input[^>]*\bid="([^"]+)"', text)) <= set(re.findall(r'<label[^>]*for="([^"]+)"', text))
    assert text.count("<legend>") == text.count("<fieldset>") == 2
    assert '<html lang="en">' in text
