"""The calendar on the page: week, events on their pages, a new event, and the conference that a mode forbids."""

import pytest
from playwright.async_api import expect

from tests.journeys.browser.conftest import MeetPerson
from tests.journeys.browser.person import Person

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_week_is_drawn_and_told_in_a_table(ada: Person) -> None:
    """Whoever cannot see the strip reads the same blocks in a table."""
    await ada.connect("free_busy google")
    await ada[".words summary"].click()

    assert await ada[".strip-row:not(.axis)"].count() == 7
    assert await ada[".strip .block"].count() == 28  # two calendars with two events a day
    assert await ada["tbody tr"].count() == 7
    assert await ada["tbody li"].count() == 28
    assert "busy" in (await ada[".strip"].get_attribute("aria-label") or "")


async def test_the_week_is_drawn_by_the_persons_own_clock(meet_person: MeetPerson) -> None:
    """Working hours in Europe are the night in Auckland: a block over midnight is in both days."""
    ada = await meet_person(zone="Pacific/Auckland")
    await ada.connect("free_busy google")
    await ada["#addition [name=time]"].fill("23:30")
    await ada["#addition [name=length]"].select_option("60")
    await ada["#addition button"].click()
    await ada[".words summary"].click()
    rows = await ada["tbody tr"].all_inner_texts()

    assert await ada[".strip .block.own"].count() == 2
    assert ["23:30 to midnight, added here" in row for row in rows].index(True) == 1
    assert ["00:00 to 00:30, added here" in row for row in rows].index(True) == 2


async def test_a_calendar_that_nobody_may_see_is_free(ada: Person) -> None:
    await ada.connect("no_access")

    assert await ada[".strip .block"].count() == 0
    await expect(ada["#week"]).to_contain_text("Nothing is known to be busy")
    await expect(ada["#events"]).to_contain_text("No events yet.")


async def test_events_are_read_on_three_pages(ada: Person) -> None:
    """next_page points at the gateway; the page's own policy would not let it go anywhere else."""
    await ada.connect("free_busy google")
    await expect(ada["#events .progress"]).to_have_text("Page 1 of 3 · 20 events")
    await ada["#events button"].click()
    await expect(ada["#events .progress"]).to_have_text("Page 2 of 3 · 40 events")
    await ada["#events button"].click()
    await expect(ada["#events .progress"]).to_have_text("Page 3 of 3 · 54 events, that is all")

    assert await ada[".event"].count() == 54
    await expect(ada["#events button"]).to_be_hidden()
    await expect(ada[".event"].nth(40)).to_be_focused()
    assert set(await ada[".event b"].all_inner_texts()) == {"Busy", "Tentative", "Free"}


@pytest.mark.parametrize(
    ("wish", "mode", "sentence"),
    [
        ("", "read_write", "It is in the calendar."),
        ("free_busy google", "free_busy", "An invitation comes by e-mail"),
        ("no_access", "no_access", "An invitation comes by e-mail"),
    ],
)
async def test_an_added_event_shows_in_the_week(ada: Person, wish: str, mode: str, sentence: str) -> None:
    await ada.connect(wish)
    await ada["#addition [name=summary]"].fill("Tea with Grace")
    await ada["#addition button"].click()

    await expect(ada["#addition .outcome"]).to_contain_text(sentence)
    await expect(ada["#addition .outcome"]).to_contain_text(f"202 · Cronofy-Access-Mode: {mode}")
    await expect(ada[".strip .block.own"]).to_have_count(1)
    await expect(ada[".event.own"]).to_contain_text("Tea with Grace")


async def test_an_event_beyond_the_week_is_taken_too(ada: Person) -> None:
    await ada.connect("free_busy google")
    await ada["#addition [name=day]"].fill("2035-01-01")
    await ada["#addition button"].click()

    await expect(ada["#addition .outcome"]).to_contain_text("Cronofy took the event.")
    await expect(ada["#addition .outcome a"]).to_have_count(0)
    await expect(ada[".strip .block.own"]).to_have_count(0)


async def test_a_title_is_text(ada: Person) -> None:
    await ada.connect()
    await ada["#addition [name=summary]"].fill("<img src=x onerror=alert(1)>")
    await ada["#addition button"].click()

    await expect(ada[".event.own"]).to_contain_text("<img src=x onerror=alert(1)>")
    assert await ada[".event img"].count() == 0


async def test_integrated_conferencing_passes_where_the_calendar_can_be_written(ada: Person) -> None:
    await ada.connect(provider="google", mode="read_write")
    await ada["#conference button"].click()

    await expect(ada["#conference .outcome"]).to_contain_text("Cronofy took the event.")
    await expect(ada[".event.own"]).to_contain_text("with a meeting room")


@pytest.mark.parametrize(("wish", "mode"), [("free_busy google", "free_busy"), ("no_access", "no_access")])
async def test_a_refused_conference_offers_default_instead(ada: Person, wish: str, mode: str) -> None:
    """The refusal is the gateway's: Cronofy never saw the event."""
    await ada.connect(wish)
    await ada.stage.world.forget_seen()
    await ada["#conference button"].click()
    refusal = ada["#conference .refused"]

    await expect(refusal).to_contain_text(f"connected in {mode} mode")
    await expect(refusal).to_contain_text("conferencing.profile_id")
    await expect(refusal).to_contain_text("422 integrated_conferencing_refused · request ")
    await expect(refusal).to_contain_text(
        f"Rule integrated_conferencing · calendar in {mode} mode · the scope would allow it"
    )
    seen = await ada.stage.world.seen_upstream()
    assert not [one for one in seen if one["method"] == "POST" and one["path"].endswith("/events")]

    await refusal.get_by_role("button", name="Use default conferencing instead").click()
    await expect(ada["#conference .outcome"]).to_contain_text("Cronofy took the event.")
    await expect(ada["#conference button[type=submit]"]).to_be_focused()
    await expect(ada["#conference [name=conferencing]"]).to_have_value("default")


async def test_a_refused_conference_leads_to_connecting_teams(ada: Person) -> None:
    """A meeting service that was connected on its own works in every mode."""
    await ada.connect("free_busy microsoft")
    await ada["#conference button"].click()
    await ada["#conference .refused"].get_by_role("button", name="Connect Teams or Meet").click()

    await expect(ada["#conference .outcome"]).to_have_text("Microsoft Teams is connected. Meetings can use it now.")
    await expect(ada["#profiles"]).to_contain_text("Connected for meetings")
    assert ada.page.url == f"{ada.stage.app}/"
    await ada["#conference button"].click()
    await expect(ada["#conference .outcome"]).to_contain_text("Cronofy took the event.")
    await expect(ada[".event.own"]).to_contain_text("with a meeting room")


async def test_an_answer_that_makes_no_sense_can_be_asked_for_again(ada: Person) -> None:
    """The person keeps their session, and has a request id to quote."""
    await ada.connect("free_busy google")
    await ada.stage.let_fail("/v1/free_busy", status=302)
    await ada.visit()
    trouble = ada["#week .trouble"]

    await expect(trouble).to_contain_text("Cronofy could not be reached")
    await expect(trouble).to_contain_text("request ")
    await trouble.get_by_role("button", name="Try again").click()
    await ada[".strip .block"].first.wait_for()
    await expect(trouble).to_have_count(0)
