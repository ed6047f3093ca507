"""The same over TLS, with nginx in front: the production cookie in a real cookie jar, set and deleted."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.journeys.browser.person import Person, meet
from tests.journeys.browser.stage import open_stage
from tests.journeys.browser.tls_front import HOST, open_front
from tests.ports import free_port

pytestmark = pytest.mark.asyncio(loop_scope="session")

COOKIE = "__Host-gateway-demo-web"


@pytest_asyncio.fixture(loop_scope="session")
async def secured(tmp_path: Path, browser: Browser) -> AsyncIterator[Person]:
    """A person whose page and gateway are on https; Cronofy is on another site."""
    gateway_port, app_port = free_port(), free_port()
    app, gateway = f"https://{HOST}:{app_port}", f"https://{HOST}:{gateway_port}"
    async with (
        open_stage(tmp_path, app=app, gateway=gateway) as stage,
        open_front(tmp_path, {gateway_port: stage.world.gateway, app_port: stage.served}),
    ):
        person = await meet(browser, stage, ignore_https_errors=True)
        yield person
        await person.page.context.close()
        assert person.complaints == []


async def test_the_production_cookie_is_set_and_deleted(secured: Person) -> None:
    """Browsers keep a __Host- cookie whose deletion does not repeat its attributes."""
    await secured.connect("free_busy google")
    (cookie,) = [one for one in await secured.page.context.cookies() if "gw" in one["name"] or "gate" in one["name"]]

    assert cookie["name"] == COOKIE
    assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) == (True, True, "Lax")
    assert (cookie["domain"], cookie["path"]) == (HOST, "/")

    await secured["#events button"].click()
    await expect(secured["#events .progress"]).to_contain_text("Page 2 of 3")
    await secured["#addition button"].click()
    await expect(secured["#addition .outcome"]).to_contain_text("Cronofy-Access-Mode: free_busy")
    await secured["#sign-out"].click()
    await expect(secured["#signed-out"]).to_be_visible()
    assert [one["name"] for one in await secured.page.context.cookies() if one["name"].startswith("__Host-")] == []
