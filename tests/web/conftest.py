"""The public application over fakes."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import DummyCookieJar
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import BaseRunner

from gateway.web.public import make_public_app
from gateway.web.quiet_server import QuietRunner
from tests.clock import FakeClock
from tests.flows.fake_upstream import FakeUpstream
from tests.flows.fakes import Kit, kit
from tests.web.browsing import Browser
from tests.web.doors import doors

Client = TestClient[Any, Any]


class _QuietTestServer(TestServer):
    """The test server, run as the gateway is: quiet, and without decoding bodies."""

    async def _make_runner(self, **_kwargs: Any) -> BaseRunner:
        return QuietRunner(self.app, shutdown_timeout=1.0)


@pytest.fixture
def one(clock: FakeClock) -> Kit:
    return kit(clock)


@pytest.fixture
def upstream() -> FakeUpstream:
    return FakeUpstream()


@pytest.fixture
async def http(one: Kit, upstream: FakeUpstream, aiohttp_client: Callable[..., Awaitable[Client]]) -> Client:
    app = make_public_app(doors(one, upstream, max_body_bytes=2_000))
    # Cookies are the tests' own business: a jar would merge them and drop Secure ones.
    return await aiohttp_client(_QuietTestServer(app), cookie_jar=DummyCookieJar())


@pytest.fixture
def browser(http: Client) -> Browser:
    return Browser(http)
