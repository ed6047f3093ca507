"""Connecting, through the consent page: each mode, both connects, two calendars of one person, and declining."""

import pytest
from playwright.async_api import expect

from tests.journeys.browser.conftest import MeetPerson
from tests.journeys.browser.person import Person

pytestmark = pytest.mark.asyncio(loop_scope="session")

MODES = [
    pytest.param("", {"provider": "google", "mode": "read_write"}, "Read-Write", "read_write", id="asked, read_write"),
    pytest.param("", {"provider": "microsoft", "mode": "free_busy"}, "Free/Busy", "free_busy", id="asked, free_busy"),
    pytest.param("free_busy google", {}, "Free/Busy", "free_busy", id="free_busy, google"),
    pytest.param("free_busy microsoft", {}, "Free/Busy", "free_busy", id="free_busy, microsoft"),
    pytest.param("no_access", {}, "No-Access", "no_access", id="no_access"),
]


@pytest.mark.parametrize(("wish", "choice", "name", "mode"), MODES)
async def test_a_person_connects_and_the_badge_says_how(
    ada: Person, wish: str, choice: dict[str, str], name: str, mode: str
) -> None:
    await ada.connect(wish, **choice)

    assert await ada.badges() == [name]
    assert ada.page.url == f"{ada.stage.app}/"
    await expect(ada["#person"]).to_have_text("Ada Lovelace")
    assert name in await ada.text(".profile")
    assert await ada[".profile li"].count() == 2
    await expect(ada[".badge dl"]).to_be_hidden()
    await ada[".badge summary"].click()
    assert f"Cronofy-Access-Mode: {mode}" in await ada.text(".badge dl")
    assert ("Integrated conferencing." in await ada.text(".badge dl")) == (mode != "read_write")


async def test_no_token_reaches_the_page(ada: Person) -> None:
    """The cookie cannot be read by a script, nothing is stored, and no answer to the page holds a token."""
    answers: list[str] = []
    ada.page.on("response", lambda response: answers.append(response.url))
    await ada.connect("free_busy google")
    cookies = [one for one in await ada.page.context.cookies() if "gateway" in one["name"]]
    seen = await ada.page.evaluate("[document.cookie, localStorage.length, sessionStorage.length]")

    assert [(one["httpOnly"], one["sameSite"], one["path"]) for one in cookies] == [(True, "Lax", "/")]
    assert seen == ["", 0, 0]
    assert not [url for url in answers if "token=" in url]
    assert (await ada.text("#facts")).endswith("Tokens in this page none")
    assert "Session ends in 14 days" in await ada.text("#facts")


async def test_a_person_declines_and_is_told_kindly(ada: Person) -> None:
    await ada.visit()
    await ada.ask()
    await ada["button[value=decline]"].click()

    await expect(ada["#notice"]).to_contain_text("You declined, so nothing was connected.")
    await expect(ada["#notice"]).to_contain_text("access_denied")
    await expect(ada["#signed-out"]).to_be_visible()
    assert ada.page.url == f"{ada.stage.app}/"


async def test_an_error_that_comes_back_is_shown_as_text(ada: Person) -> None:
    """Anybody can write a link with an error in it, so its words must not become HTML."""
    await ada.visit("/?error=server_error&error_description=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E&gateway_error=x_y")

    await expect(ada["#notice"]).to_contain_text("<img src=x onerror=alert(1)>")
    await expect(ada["#notice"]).to_contain_text("server_error · x_y")
    assert await ada["#notice img"].count() == 0
    assert ada.page.url == f"{ada.stage.app}/"


async def test_an_organisation_connects_and_its_page_explains_itself(ada: Person) -> None:
    """A service account has no calendars and no mode of its own."""
    await ada.visit()
    await ada.ask(connect="enterprise")
    await ada.consent(email="admin@example.org")

    await expect(ada["#service"]).to_contain_text("An organisation has no calendar of its own")
    await expect(ada["#service-domain"]).to_have_text("example.org is connected.")
    assert await ada.badges() == ["No mode of its own"]
    await expect(ada["#week"]).to_be_hidden()
    await expect(ada["#events"]).to_be_hidden()
    await ada["#leave"].click()
    await expect(ada["#signed-out"]).to_be_visible()


async def test_calendars_in_two_modes_show_two_badges(ada: Person) -> None:
    """The mode belongs to the profile: an account with two of them is told as a list."""
    await ada.connect(provider="google", mode="read_write")
    await ada["#sign-out"].click()
    await ada["#signed-out:visible"].wait_for()
    await ada.connect("free_busy microsoft")

    assert await ada.badges() == ["Read-Write", "Free/Busy"]
    assert await ada[".profile"].count() == 2
    assert await ada["#addition [name=calendar] option"].all_inner_texts() == [
        "Calendar · Google, Read-Write",
        "Projects · Google, Read-Write",
        "Calendar · Microsoft 365, Free/Busy",
        "Projects · Microsoft 365, Free/Busy",
    ]


async def test_two_people_do_not_see_each_other(meet_person: MeetPerson) -> None:
    ada, grace = await meet_person(), await meet_person()
    await ada.connect("free_busy google")
    await grace.connect("no_access", email="grace.hopper@example.com")
    await ada.visit()
    await ada.settled()

    await expect(ada["#person"]).to_have_text("Ada Lovelace")
    await expect(grace["#person"]).to_have_text("Grace Hopper")
