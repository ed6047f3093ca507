"""A person at the page: what they press, and what they get to see. The emulator's consent page is theirs, too."""

from dataclasses import dataclass, field
from typing import Final

from playwright.async_api import Browser, Locator, Page, ViewportSize

from tests.journeys.browser.stage import Stage

PATIENCE_MS: Final = 10_000
DESKTOP: Final = ViewportSize(width=1180, height=900)
PHONE: Final = ViewportSize(width=360, height=740)


@dataclass(frozen=True)
class Person:
    """One browser profile with one tab.

    Attributes:
        stage: where they are.
        page: the tab.
        complaints: what the browser complained about: errors of scripts, policies, connections.
    """

    stage: Stage
    page: Page
    complaints: list[str] = field(default_factory=list)

    def __getitem__(self, selector: str) -> Locator:
        """Return what a CSS selector finds."""
        return self.page.locator(selector)

    async def visit(self, path: str = "/") -> None:
        """Open the demo app and wait for one of its two views."""
        await self.page.goto(self.stage.app + path)
        await self["#signed-out:visible, #signed-in:visible"].wait_for()

    async def ask(self, wish: str = "", *, connect: str = "individual") -> None:
        """Fill in the connect form and go to the consent page."""
        await self[f'#connect [name=connect][value="{connect}"]'].check()
        if connect == "individual":
            await self[f'#connect [name=mode][value="{wish}"]'].check()
        await self["#connect button"].click()
        await self["#email"].wait_for()

    async def consent(self, *, email: str = "ada.lovelace@example.com", provider: str = "", mode: str = "") -> None:
        """Agree on the consent page, and wait until the calendar is there."""
        await self["#email"].fill(email)
        for name, value in (("provider", provider), ("mode", mode)):
            if value:
                await self[f"#{name}-{value}"].check()
        await self["button[value=allow]"].click()
        await self["#signed-in:visible"].wait_for()

    async def connect(
        self, wish: str = "", *, email: str = "ada.lovelace@example.com", provider: str = "", mode: str = ""
    ) -> None:
        """Sign in, and wait until week and events are shown."""
        await self.visit()
        await self.ask(wish)
        await self.consent(email=email, provider=provider, mode=mode)
        await self.settled()

    async def settled(self) -> None:
        """Wait until week and events are shown."""
        await self["#week .legend, #week .hint:not(:text('Asking'))"].first.wait_for()
        await self["#events .progress:not(:empty)"].wait_for()

    async def text(self, selector: str) -> str:
        """Return what is read in an element, with single spaces."""
        return " ".join((await self[selector].inner_text()).split())

    async def badges(self) -> list[str]:
        """Return the names on the mode badges."""
        return await self[".badge-name"].all_inner_texts()


async def meet(
    browser: Browser,
    stage: Stage,
    *,
    viewport: ViewportSize = DESKTOP,
    dark: bool = False,
    zone: str = "UTC",  # the emulator's days are UTC's, so no test depends on the hour it runs
    ignore_https_errors: bool = False,
) -> Person:
    """Open a browser profile of its own."""
    context = await browser.new_context(
        viewport=viewport,
        color_scheme="dark" if dark else "light",
        locale="en-GB",
        timezone_id=zone,
        ignore_https_errors=ignore_https_errors,
    )
    context.set_default_timeout(PATIENCE_MS)
    person = Person(stage, await context.new_page())
    person.page.on("pageerror", lambda error: person.complaints.append(str(error)))
    person.page.on(
        "console",
        lambda message: person.complaints.append(message.text) if message.type in {"error", "warning"} else None,
    )
    return person
