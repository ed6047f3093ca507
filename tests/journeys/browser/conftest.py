"""One Chromium for all journeys; a stage and a browser profile for each."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Final

import pytest_asyncio
from playwright.async_api import Browser

from tests.journeys.browser.chromium import open_browser
from tests.journeys.browser.person import Person, meet
from tests.journeys.browser.stage import Stage, open_stage

# Playwright's objects belong to the loop that made them, so everything here runs on one: each module says so.
_ONE_LOOP: Final = "session"
# Chromium notes every answer that is not a success; what else it notes is a fault of the page.
_EXPECTED = "Failed to load resource: the server responded with a status of"

MeetPerson = Callable[..., Awaitable[Person]]


@pytest_asyncio.fixture(scope="session", loop_scope=_ONE_LOOP)
async def browser() -> AsyncIterator[Browser]:
    async with open_browser() as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope=_ONE_LOOP)
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope=_ONE_LOOP)
async def meet_person(browser: Browser, stage: Stage) -> AsyncIterator[MeetPerson]:
    """Opens browser profiles; at the end no page may have broken a rule of its own policy, or a script."""
    met: list[Person] = []

    async def make(**how: object) -> Person:
        met.append(await meet(browser, stage, **how))  # type: ignore[arg-type]  # passed on as it is
        return met[-1]

    yield make
    for person in met:
        await person.page.context.close()
    assert [text for person in met for text in person.complaints if not text.startswith(_EXPECTED)] == []


@pytest_asyncio.fixture(loop_scope=_ONE_LOOP)
async def ada(meet_person: MeetPerson) -> Person:
    """A person at a desk, by daylight."""
    return await meet_person()
