"""The demo app's server gives out its page and nothing else, under a policy that allows the page very little."""

from collections.abc import Awaitable, Callable
from importlib.resources import files

import pytest
from aiohttp.test_utils import TestClient
from pytest_aiohttp.plugin import AiohttpClient
from yarl import URL

from gateway.demo.app_server import make_demo_app

GATEWAY = "http://127.0.0.1:8080"
FILES = sorted(file.name for file in files("gateway.demo").joinpath("page").iterdir())
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}

Visit = Callable[[], Awaitable[TestClient]]  # type: ignore[type-arg]  # aiohttp's client is generic in its app


@pytest.fixture
def visit(aiohttp_client: AiohttpClient) -> Visit:
    async def open_client() -> TestClient:  # type: ignore[type-arg]
        return await aiohttp_client(make_demo_app(f"{GATEWAY}/"))

    return open_client


async def test_the_page_learns_where_the_gateway_is(visit: Visit) -> None:
    client = await visit()
    async with client.get("/config.json") as reply:
        assert reply.content_type == "application/json"
        assert await reply.json() == {"gateway": GATEWAY, "client": "demo-web"}


@pytest.mark.parametrize("name", FILES)
async def test_each_file_comes_with_its_type_and_the_policy(visit: Visit, name: str) -> None:
    """The page may run its own scripts, and call its own origin and the gateway; forms, frames and bases are shut."""
    client = await visit()
    async with client.get("/" if name == "index.html" else f"/{name}") as reply:
        assert reply.status == 200
        assert reply.headers["Content-Type"] == TYPES[f".{name.rpartition('.')[2]}"]
        assert await reply.read() == files("gateway.demo").joinpath("page", name).read_bytes()
        policy = reply.headers["Content-Security-Policy"]

    assert set(policy.split("; ")) == {
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        f"connect-src 'self' {GATEWAY}",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    }


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/index.html",
        "/page/index.html",
        "/app_server.py",
        "/../app_server.py",
        "/..%2fapp_server.py",
        "/%2e%2e/app_server.py",
        "/..%5capp_server.py",
        "/page.js%00.html",
        "/page.js/",
    ],
)
async def test_what_is_no_file_of_the_page_is_not_found(visit: Visit, path: str) -> None:
    client = await visit()
    async with client.get(URL(path, encoded=True), allow_redirects=False) as reply:
        assert reply.status == 404
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in reply.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/", "/config.json", "/page.js", "/nothing"])
async def test_nothing_is_kept_or_told_to_others(visit: Visit, path: str) -> None:
    """A demo is edited and restarted: a browser that kept a file would show yesterday's page."""
    client = await visit()
    async with client.get(path) as reply:
        assert reply.headers["Cache-Control"] == "no-store"
        assert reply.headers["Referrer-Policy"] == "no-referrer"
        assert "Set-Cookie" not in reply.headers


async def test_it_is_read_only(visit: Visit) -> None:
    client = await visit()
    async with client.post("/", data=b"x") as reply:
        assert reply.status == 405


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".js")])
def test_a_script_is_short_and_makes_no_html_of_data(name: str) -> None:
    """What Cronofy tells becomes text nodes: a calendar's name must not be able to run."""
    text = files("gateway.demo").joinpath("page", name).read_text(encoding="utf-8")

    assert len(text.splitlines()) <= 200
    for sink in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(", "Storage"):
        assert sink not in text
