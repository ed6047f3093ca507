"""Chromium as the machine has it; Playwright drives it and downloads none of its own."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from playwright.async_api import Browser, async_playwright

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_ARGUMENTS: Final = (
    "--no-sandbox",  # tests run as root in containers, where Chromium's sandbox does not start
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class ChromiumMissing(Exception):
    """There is no Chromium, so no page can be looked at."""


def chromium() -> str:
    """Return where Chromium is.

    Raises:
        ChromiumMissing: it is nowhere.
    """
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        raise ChromiumMissing("There is no Chromium: install chromium (Debian: apt-get install chromium).")
    return found


@asynccontextmanager
async def open_browser() -> AsyncIterator[Browser]:
    """Start Chromium, without a window."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=_ARGUMENTS)
        yield browser
        await browser.close()
