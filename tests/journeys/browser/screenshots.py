"""Pictures of the demo app for the documentation: python -m tests.journeys.browser.screenshots."""

import asyncio
import tempfile
from pathlib import Path
from typing import Final

from playwright.async_api import Browser, ViewportSize

from tests.journeys.browser.chromium import open_browser
from tests.journeys.browser.person import PHONE, Person, meet
from tests.journeys.browser.stage import Stage, open_stage

FOLDER: Final = Path(__file__).parents[3] / "docs" / "images"
_LARGEST_BYTES: Final = 200_000
_DESK: Final = ViewportSize(width=1120, height=880)
_TALLER: Final = ViewportSize(width=1120, height=1080)
_LONG_PHONE: Final = ViewportSize(width=PHONE["width"], height=860)


async def _open(browser: Browser, stage: Stage, viewport: ViewportSize = _DESK, *, dark: bool = False) -> Person:
    person = await meet(browser, stage, viewport=viewport, dark=dark)
    await person.page.emulate_media(reduced_motion="reduce")
    return person


async def _keep(person: Person, name: str) -> None:
    path = FOLDER / f"demo-{name}.png"
    await person.page.screenshot(path=path)
    assert path.stat().st_size < _LARGEST_BYTES, f"{path.name} is too large"
    await person.page.context.close()


async def _signed_out(browser: Browser, stage: Stage) -> None:
    person = await _open(browser, stage)
    await person.visit()
    await _keep(person, "signed-out")


async def _read_write(browser: Browser, stage: Stage) -> None:
    person = await _open(browser, stage)
    await person.connect(mode="read_write", provider="google")
    await _keep(person, "read-write")


async def _free_busy(browser: Browser, stage: Stage) -> None:
    person = await _open(browser, stage)
    await person.connect("free_busy google", email="grace.hopper@example.com")
    await person["#addition button"].click()
    await person["#addition .done"].wait_for()
    await person[".badge summary"].click()
    await person.page.evaluate("scrollTo(0, 0)")
    await _keep(person, "free-busy")


async def _refused(browser: Browser, stage: Stage) -> None:
    person = await _open(browser, stage, _TALLER)
    await person.connect("free_busy microsoft", email="katherine.johnson@example.com")
    await person["#addition button"].click()
    await person["#addition .done"].wait_for()
    await person["#conference button"].click()
    await person["#conference .refused"].wait_for()
    await person["#conference-title"].evaluate("(one) => { one.scrollIntoView(); scrollBy(0, -56); }")
    await _keep(person, "refused")


async def _phone_dark(browser: Browser, stage: Stage) -> None:
    person = await _open(browser, stage, _LONG_PHONE, dark=True)
    await person.connect("free_busy google", email="mary.jackson@example.com")
    await _keep(person, "phone-dark")


async def take_all() -> None:
    """Take every picture anew."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        async with open_stage(Path(folder)) as stage, open_browser() as browser:
            for take in (_signed_out, _read_write, _free_busy, _refused, _phone_dark):
                await take(browser, stage)


if __name__ == "__main__":
    asyncio.run(take_all())
