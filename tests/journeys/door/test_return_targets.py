"""No parameter, default or setting sends a browser anywhere but to the client's own pages.

CVE-2020-5233, CVE-2020-11053, CVE-2021-21291, CVE-2019-14857 and CVE-2022-24794 were such roads.
"""

from itertools import product
from pathlib import Path
from urllib.parse import quote

import pytest

from gateway.config_check import SettingsInvalid, check_settings
from tests.journeys.door.browser import HOME, ORIGIN, WEB, Browser, door_clients, open_browser, open_door
from tests.journeys.world import World
from tests.settings import good_settings

SLASHES = ("//", "/\\", "\\\\", "\\/", "/\t/", "/\n/", "/\r\n/", "/ /", "/%09/", "/%0a/", "/%5c", "/%5c/", "%2f%2f")
HOSTS = (
    "evil.example",
    "127.0.0.1:9@evil.example",
    "evil.example:80",
    "[::1]",
    "127.1",
    "2130706433",
    "%65vil.example",
)
SCHEMES = (
    "https:",
    "http:",
    "HTTP:",
    "javascript:",
    "data:",
    "file:",
    "http:%2f%2f",
    "ht\ntp://",
    " http://",
    "\x00http://",
)
WHOLE = (
    "http://127.0.0.1:99/app",
    "http://127.0.0.1:9.evil.example/",
    "http://127.0.0.1:9@evil.example/",
    "http://user:pw@127.0.0.1:9/app",
    "http://127.0.0.1:9\\@evil.example/",
    "http://127.0.0.1:9%2eevil.example/",
    "http://127.0.0.1:99999/",
    "https://127.0.0.1:9/app",
    "http://localhost:9/app",
    "http://evil.example/http://127.0.0.1:9/app",
    "http:127.0.0.1:9/app",
    "http:///127.0.0.1:9/app",
    "http://evil.example#@127.0.0.1:9/",
    "http://evil.example?@127.0.0.1:9/",
    "//127.0.0.1:9/app",
    "/%2509/evil.example",
    "/%252f%255cevil.example",
    "/app\r\nSet-Cookie: a=b",
    "/app\u2028",
    "/\u2215evil.example",
    "app",
    "./app",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "/" + "x" * 2_100,
)
HOSTILE = (
    *WHOLE,
    *(slashes + host for slashes, host in product(SLASHES, HOSTS)),
    *(scheme + slashes + host for scheme, slashes, host in product(SCHEMES, ("//", "/", "\\\\", ""), HOSTS[:5])),
)
ODD_HOMES = (
    "",
    "https://evil.example",
    "https://badexample.com/",
    "https://co.uk/",
    "https://app.example.com/%09/evil.example",
    "https://app.example.com/\\evil.example",
    "https://app.exam\nple.com/",
    "https://app.example.com /",
    "https://me@app.example.com/",
)
FEW = (*WHOLE, *HOSTILE[len(WHOLE) :: 11])


async def test_login_refuses_them(browser: Browser) -> None:
    for target in HOSTILE:
        reply = await browser.go(f"/auth/login?client={WEB}&return_to={quote(target, safe='')}")
        assert (reply.status, reply.code) == (400, "return_target_refused"), target
        assert "Location" not in reply.headers
        assert reply.cookies == []
    assert len(HOSTILE) > 250


async def test_encoded_once_more_they_stay_on_the_apps_origin(browser: Browser) -> None:
    """What is accepted as a path is a path for every reader."""
    await browser.world.consent(decline=True)
    for target in HOSTILE[::7]:
        reply = await browser.go(f"/auth/login?client={WEB}&return_to=/{quote(quote(target, safe=''), safe='')}")
        if reply.status == 302:
            back = (await browser.go(await browser.consent(reply.location))).location
            assert back.startswith(f"{ORIGIN[WEB]}/"), target
            assert not back.startswith((f"{ORIGIN[WEB]}//", f"{ORIGIN[WEB]}/\\")), target


async def test_logout_refuses_them_and_ends_nothing(browser: Browser) -> None:
    await browser.sign_in()
    for target in FEW:
        reply = await browser.post("/auth/logout", {"return_to": target})
        assert (reply.status, reply.code) == (400, "return_target_refused"), target
        assert reply.cookies == []
    assert (await browser.info())["authenticated"] is True
    assert (await browser.post("/auth/logout", {"return_to": "/bye"})).json()["return_to"] == f"{ORIGIN[WEB]}/bye"


async def test_reconnect_refuses_them_and_ends_nothing(world: World, browser: Browser) -> None:
    await browser.sign_in()
    await world.forget_seen()
    for target in FEW:
        reply = await browser.post("/auth/reconnect", {"return_to": target})
        assert (reply.status, reply.code) == (400, "return_target_refused"), target
    assert await world.seen_upstream() == []
    assert (await browser.info())["reconnect_required"] is False


@pytest.mark.parametrize("target", ["", "/", "/app", "/app?a=b#c", f"{ORIGIN[WEB]}/app", ORIGIN[WEB], "/caf%C3%A9"])
async def test_own_pages_are_fine(browser: Browser, target: str) -> None:
    back = await browser.sign_in(return_to=target)

    assert back.location == (target if target.startswith("http") else f"{ORIGIN[WEB]}{target}" if target else HOME[WEB])


@pytest.mark.parametrize("home", [*FEW[:24], *ODD_HOMES])
def test_a_hostile_home_is_a_complaint(home: str) -> None:
    """The default is judged like what is asked for (CVE-2022-23527), and at start rather than at each sign-in."""
    client = good_settings()["clients"]["app"]
    with pytest.raises(SettingsInvalid) as caught:
        check_settings(good_settings(clients={"app": {**client, "home": home}}))
    assert any("home" in one.place for one in caught.value.complaints)


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "https://app.example.com/", "https://*.example.com", "null"]
)
def test_a_hostile_origin_is_a_complaint(origin: str) -> None:
    client = {**good_settings()["clients"]["app"], "home": "https://app.example.com/"}
    with pytest.raises(SettingsInvalid) as caught:
        check_settings(good_settings(clients={"app": {**client, "origins": [origin]}}))
    assert any("origins" in one.place for one in caught.value.complaints)


async def test_a_further_registered_origin_is_fine(tmp_path: Path) -> None:
    further = "http://127.0.0.1:11"
    clients = door_clients(origins=[further])
    async with open_door(tmp_path, clients=clients) as world, open_browser(world) as browser:
        assert (await browser.sign_in(return_to=f"{further}/there")).location == f"{further}/there"
