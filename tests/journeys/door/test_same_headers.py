"""A header block that was read before is no credential: what it stands for is looked up for every call."""

from tests.journeys.door.browser import ORIGIN, WEB, Browser
from tests.journeys.raw_http import connect, request_bytes


async def test_the_same_bytes_are_signed_in_until_they_are_signed_out(browser: Browser) -> None:
    await browser.sign_in("free_busy")
    page = (f"Cookie: {browser.cookie_header}", f"Origin: {ORIGIN[WEB]}", "X-CSRF: 1")
    async with connect(browser.gateway) as line:
        statuses = []
        for method, target in (
            ("GET", "/v1/calendars"),
            ("GET", "/v1/calendars"),
            ("DELETE", "/v1/calendars"),
            ("GET", "/v1/nothing"),
            ("GET", "/v1/calendars"),
        ):
            await line.send(request_bytes(method, target, *page))
            statuses.append((await line.reply()).status)
        assert (await browser.post("/auth/logout")).status < 300
        await line.send(request_bytes("GET", "/v1/calendars", *page))
        assert (statuses, (await line.reply()).status) == ([200, 200, 405, 404, 200], 401)


async def test_a_block_without_the_fixed_header_is_refused_each_time(browser: Browser) -> None:
    await browser.sign_in()
    page = (f"Cookie: {browser.cookie_header}", f"Origin: {ORIGIN[WEB]}")
    async with connect(browser.gateway) as line:
        for _ in range(3):
            await line.send(request_bytes("GET", "/v1/calendars", *page))
            assert (await line.reply()).header("Gateway-Error") == "csrf_missing"
