"""Sign-ins side by side: tabs of one browser, many browsers, and logins that nobody finishes."""

import asyncio
import random
from contextlib import AsyncExitStack

import pytest

from tests.clock import FakeClock
from tests.journeys.door.browser import FLOW, HOME, ORIGIN, WEB, Browser, open_browser, send
from tests.journeys.records import kinds_stored
from tests.journeys.world import World

# nginx refuses a header line over 8 KB unless told otherwise; a page's own cookies have to fit as well.
MOST_COOKIE_BYTES = 7_000


@pytest.mark.parametrize("seed", range(6))
async def test_seven_tabs_finish_in_any_order(world: World, browser: Browser, seed: int) -> None:
    """Each tab lands where it began, and the one that finished last is signed in."""
    tabs = []
    for number in range(7):
        await world.consent(email=f"person{number}@example.com")
        tabs.append((number, await browser.to_callback(return_to=f"/app/{number}")))
    random.Random(seed).shuffle(tabs)  # noqa: S311  an order, not a secret
    for number, url in tabs:
        assert (await browser.go(url)).location == f"{ORIGIN[WEB]}/app/{number}"
        assert (await browser.info())["profile"]["profile_name"] == f"person{number}@example.com"

    assert browser.flows == []
    assert kinds_stored(world).count("session") == 1


async def test_tabs_that_finish_at_the_same_time(world: World, browser: Browser) -> None:
    """Whoever is last keeps the browser signed in; nobody sees an error."""
    await world.consent(email="ada@example.com")
    urls = [await browser.to_callback() for _ in range(7)]
    replies = await asyncio.gather(*(browser.go(url) for url in urls))

    assert [reply.location for reply in replies] == [HOME[WEB]] * 7
    assert (await browser.info())["authenticated"] is True


async def test_ten_browsers_finish_in_parallel(world: World) -> None:
    async with AsyncExitStack() as stack:
        browsers = [await stack.enter_async_context(open_browser(world)) for _ in range(10)]
        urls = []
        for number, one in enumerate(browsers):
            await world.consent(("read_write", "free_busy", "no_access")[number % 3], email=f"p{number}@example.com")
            urls.append(await one.to_callback())
        pairs = list(zip(browsers, urls, strict=True))
        random.Random(7).shuffle(pairs)  # noqa: S311  an order, not a secret
        replies = await asyncio.gather(*(one.go(url) for one, url in pairs))
        told = await asyncio.gather(*(one.info() for one in browsers))

    assert [reply.location for reply in replies] == [HOME[WEB]] * 10
    assert [one["profile"]["profile_name"] for one in told] == [f"p{number}@example.com" for number in range(10)]
    assert [one["access_mode"] for one in told[:3]] == ["read_write", "free_busy", "no_access"]


async def test_an_eighth_login_pushes_out_the_oldest(world: World, browser: Browser, clock: FakeClock) -> None:
    """Its callback is a page with a way to start again; the others finish."""
    await world.consent()
    urls = []
    for _ in range(8):
        urls.append(await browser.to_callback())
        clock.pass_time(1)
    page = await browser.go(urls[0])
    again = [(await browser.go(url)).location for url in urls[1:]]

    assert (page.status, page.code) == (400, "state_refused")
    assert f'href="{HOME[WEB]}"'.encode() in page.body
    assert "script-src" not in page.headers["Content-Security-Policy"]
    assert again == [HOME[WEB]] * 7


async def test_a_thousand_logins_that_nobody_finishes(world: World, browser: Browser) -> None:
    """mod_auth_openidc's users met a header too large; here neither header nor store grows."""
    longest = 0
    for _ in range(1_000):
        await browser.begin()
        longest = max(longest, len(browser.cookie_header))

    assert len(browser.flows) == 7
    assert longest < MOST_COOKIE_BYTES
    assert kinds_stored(world) == []
    assert (await browser.sign_in()).location == HOME[WEB]


async def test_long_return_targets_do_not_make_the_header_too_large(world: World) -> None:
    """Seven flows with 2,000 bytes each would be refused by any server in front, for ten minutes."""
    jar: dict[str, str] = {}  # without the bound that aiohttp's own puts on what it sends
    for number in range(10):
        header = "; ".join(f"{name}={value}" for name, value in jar.items())
        url = f"{world.gateway}/auth/login?client={WEB}&return_to=/app/{number}?{'x' * 1_900}"
        reply = await send(world.session, "GET", url, [("Cookie", header)])
        for line in reply.cookies:
            name, _, value = line.partition(";")[0].partition("=")
            jar[name] = value
            if "Max-Age=0" in line:
                del jar[name]

        assert reply.status == 302
        assert 0 < len(header) < MOST_COOKIE_BYTES or number == 0


async def test_odd_names_of_planted_flow_cookies_do_no_harm(world: World) -> None:
    """A neighbour's cookie with a name that cannot be written back must not keep anybody from signing in."""
    planted = "; ".join(f"{FLOW}{name}=1" for name in ("(a)", "b@c", "d e", "f{", "g/h", "i", "j", "k", "l", "é"))
    reply = await send(world.session, "GET", f"{world.gateway}/auth/login?client={WEB}", [("Cookie", planted)])

    assert reply.status == 302
    assert all(line.startswith(FLOW) for line in reply.cookies)
