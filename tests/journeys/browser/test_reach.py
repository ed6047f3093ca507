"""Everybody reaches everything: by keyboard alone, on a phone, in light and dark, with and without motion."""

import pytest
from playwright.async_api import expect

from tests.journeys.browser.axe import axe_source, grave_findings
from tests.journeys.browser.conftest import MeetPerson
from tests.journeys.browser.person import PHONE, Person

pytestmark = pytest.mark.asyncio(loop_scope="session")

_MOST_STOPS = 80
_SHOWS_FOCUS = """(selector) => {
  const at = document.activeElement;
  const ring = (element) => element && getComputedStyle(element).outlineStyle !== "none";
  return [at.matches(selector), ring(at) || ring(at.closest(".pick")) || !document.querySelector("#connect")];
}"""


async def _tab_to(person: Person, selector: str) -> None:
    """Press Tab until something has the focus; every stop on the way has to be seen."""
    for _ in range(_MOST_STOPS):
        await person.page.keyboard.press("Tab")
        reached, is_seen = await person.page.evaluate(_SHOWS_FOCUS, selector)
        assert is_seen, await person.page.evaluate("document.activeElement.outerHTML")
        if reached:
            return
    raise AssertionError(f"Tab never reached {selector}")


async def _open_everything(person: Person) -> None:
    """Open each disclosure, and have a conference refused."""
    await person[".badge summary"].first.click()
    await person[".words summary"].click()
    await person["#conference button"].click()
    await person["#conference .refused"].wait_for()


async def test_everything_is_done_with_the_keyboard(ada: Person) -> None:
    """From the first visit to signing out: Tab, Enter, Space and an arrow key; no mouse."""
    press = ada.page.keyboard.press
    await ada.visit()
    await _tab_to(ada, "#connect [name=mode]")
    await press("ArrowDown")
    await press("ArrowDown")
    await _tab_to(ada, "#connect button")
    await press("Enter")
    await ada["#email"].wait_for()
    await _tab_to(ada, "button[value=allow]")
    await press("Enter")
    await ada.settled()
    assert await ada.badges() == ["Free/Busy"]

    await _tab_to(ada, ".badge summary")
    await press("Enter")
    await expect(ada[".badge dl"]).to_be_visible()
    await _tab_to(ada, ".words summary")
    await press("Space")
    await expect(ada["#week table"]).to_be_visible()
    await _tab_to(ada, "#addition button")
    await press("Enter")
    await expect(ada["#addition .outcome"]).to_contain_text("Cronofy took the event.")
    await _tab_to(ada, "#conference button[type=submit]")
    await press("Enter")
    await ada["#conference .refused"].wait_for()
    await press("Tab")
    await press("Space")
    await expect(ada["#conference .outcome"]).to_contain_text("Cronofy took the event.")
    await _tab_to(ada, "#events button")
    await press("Enter")
    await expect(ada["#events .progress"]).to_contain_text("Page 2 of 3")
    await expect(ada["#events button"]).to_be_focused()
    await press("Space")
    await expect(ada["#events .progress"]).to_contain_text("Page 3 of 3")
    await _tab_to(ada, "#leave")
    await press("Enter")
    await expect(ada["#signed-out h1"]).to_be_focused()


async def test_a_phone_never_scrolls_sideways(meet_person: MeetPerson) -> None:
    """360 px wide, in every state that adds something."""
    ada = await meet_person(viewport=PHONE)
    widths = []

    async def measure() -> None:
        widths.append(await ada.page.evaluate("document.documentElement.scrollWidth"))

    await ada.visit()
    await measure()
    await ada.connect("free_busy google", email="a.person.with.quite.a.long.name@department.example.com")
    await measure()
    await _open_everything(ada)
    await measure()

    assert widths == [PHONE["width"]] * 3


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_axe_finds_nothing_grave(meet_person: MeetPerson, *, dark: bool) -> None:
    ada, source = await meet_person(dark=dark), axe_source()
    await ada.visit()
    signed_out = await grave_findings(ada.page, source)
    await ada.connect("free_busy google")
    await ada["#addition button"].click()
    await ada["#addition .done"].wait_for()
    await _open_everything(ada)
    signed_in = await grave_findings(ada.page, source)

    assert signed_out == []
    assert signed_in == []


async def test_light_and_dark_differ(meet_person: MeetPerson) -> None:
    grounds = set()
    for dark in (False, True):
        person = await meet_person(dark=dark)
        await person.visit()
        grounds.add(await person.page.evaluate("getComputedStyle(document.body).backgroundColor"))

    assert len(grounds) == 2


async def test_whoever_wants_no_motion_gets_none(ada: Person) -> None:
    await ada.page.emulate_media(reduced_motion="reduce")
    await ada.connect("free_busy google")

    assert await ada.page.evaluate("document.getAnimations().length") == 0
