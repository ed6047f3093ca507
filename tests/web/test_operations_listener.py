"""Health, readiness, metrics."""

from collections.abc import Awaitable, Callable

from gateway.observe.metrics import Metrics
from gateway.rules.errors import StoreUnavailable
from gateway.web.operations_listener import Readiness, make_operations_app, store_check
from tests.web.conftest import Client

Start = Callable[..., Awaitable[Client]]


async def _there() -> None:
    return


async def _away() -> None:
    raise StoreUnavailable("connection refused")


async def _alone() -> str:
    return "keys: none shared"


async def test_a_healthy_gateway_says_so(aiohttp_client: Start) -> None:
    http = await aiohttp_client(make_operations_app(Readiness([store_check(_there)], waiting_for=""), Metrics()))
    for path in ("/healthz", "/ping", "/readyz"):
        async with http.get(path) as answer:
            assert answer.status == 200
    async with http.get("/metrics") as answer:
        assert "gateway_requests_total" in await answer.text()


async def test_it_says_why_it_is_not_ready(aiohttp_client: Start) -> None:
    readiness = Readiness([store_check(_away), _alone], waiting_for="")
    http = await aiohttp_client(make_operations_app(readiness, Metrics()))
    readiness.draining = True
    async with http.get("/readyz") as answer:
        assert answer.status == 503
        assert (await answer.json())["reasons"] == ["draining", "store: connection refused", "keys: none shared"]
    async with http.get("/healthz") as answer:
        assert answer.status == 200


async def test_while_it_starts_it_says_what_it_waits_for(aiohttp_client: Start) -> None:
    http = await aiohttp_client(make_operations_app(Readiness(waiting_for="store: connection refused"), Metrics()))
    async with http.get("/readyz") as answer:
        assert (answer.status, (await answer.json())["reasons"]) == (503, ["waiting for store: connection refused"])
    async with http.get("/healthz") as answer:
        assert answer.status == 200
