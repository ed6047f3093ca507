"""Leaving: sign out, disconnect, change the mode, and a session that ended by itself."""

import pytest
from playwright.async_api import expect

from tests.journeys.browser.person import Person

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _revoked(ada: Person) -> bool:
    return any("revoke" in str(one["path"]) for one in await ada.stage.world.seen_upstream())


@pytest.mark.parametrize("button", ["#sign-out", "#leave"])
async def test_signing_out_leaves_the_calendar_connected(ada: Person, button: str) -> None:
    await ada.connect("free_busy google")
    await ada[button].click()

    await expect(ada["#notice"]).to_have_text("You are signed out. The calendar is still connected.")
    await expect(ada["#signed-out h1"]).to_be_focused()
    await expect(ada["#signed-in"]).to_be_hidden()
    assert not await _revoked(ada)
    assert not [one for one in await ada.page.context.cookies() if one["name"].endswith("demo-web")]
    await ada.visit()
    await expect(ada["#signed-out"]).to_be_visible()


async def test_disconnecting_takes_the_permission_back(ada: Person) -> None:
    await ada.connect("free_busy google")
    await ada["#disconnect"].click()

    await expect(ada["#notice"]).to_have_text("You are signed out, and the calendar is disconnected.")
    assert await _revoked(ada)


async def test_another_mode_is_chosen(ada: Person) -> None:
    """The authorization ends first; the consent page then has the mode that was wished for."""
    await ada.connect(provider="google", mode="read_write")
    await ada["#access [name=mode]"].select_option("free_busy google")
    await ada["#access button"].click()
    await ada["#email"].wait_for()
    assert await ada["[name=mode]"].count() == 1
    await ada.consent()
    await ada.settled()

    assert await ada.badges() == ["Free/Busy"]
    assert await _revoked(ada)


async def test_a_mode_that_was_given_up_half_way_can_be_connected_again(ada: Person) -> None:
    """Whoever turns round at the consent page has no connection left, and is told what to do."""
    await ada.connect("free_busy google")
    await ada["#access button"].click()
    await ada["#email"].wait_for()
    await ada.visit()

    await expect(ada["#notice"]).to_contain_text("Cronofy no longer accepts this connection.")
    await ada["#notice a"].click()
    await ada.consent(provider="google", mode="read_write")
    await ada.settled()
    assert await ada.badges() == ["Read-Write"]


async def test_a_session_that_is_over_is_told_kindly(ada: Person) -> None:
    await ada.connect("free_busy google")
    await ada.page.context.clear_cookies()
    await ada["#addition button"].click()

    await expect(ada["#notice"]).to_contain_text("Your session is over.")
    await expect(ada["#signed-out"]).to_be_visible()


async def test_a_connection_that_cronofy_ended_is_told_apart(ada: Person) -> None:
    """The session stands; what is needed is a new authorization, so the page says that."""
    await ada.connect("free_busy google")
    async with ada.stage.world.session.post(f"{ada.stage.world.emulator}/_emulator/reset") as reply:
        assert reply.ok
    await ada["#addition button"].click()

    await expect(ada["#notice"]).to_contain_text("Cronofy no longer accepts this connection.")
    await expect(ada["#week"]).to_be_hidden()
    await ada["#notice a"].click()
    await ada.consent(provider="google", mode="read_write")
    await ada.settled()
    assert await ada.badges() == ["Read-Write"]


async def test_a_gateway_that_does_not_answer_can_be_tried_again(ada: Person) -> None:
    await ada.page.route("**/auth/session", lambda route: route.abort())
    await ada.page.goto(f"{ada.stage.app}/")
    await expect(ada["#notice"]).to_contain_text("The gateway does not answer.")
    await ada.page.unroute("**/auth/session")
    await ada["#notice button"].click()

    await expect(ada["#signed-out"]).to_be_visible()
    ada.complaints.clear()  # Chromium notes the call that was cut
