"""What somebody can write into an authorize link, and where they may be sent for it."""

from urllib.parse import parse_qs, quote, urlsplit

import pytest

from tests.journeys.raw_http import RawReply, exchange, request_bytes
from tests.journeys.world import ADDING, CALLBACK, FULL_SCOPE, STRICT, World

PATHS = ["/oauth/authorize", "/enterprise_connect/oauth/authorize"]
STATES = [
    "plain-state_1.2~3",
    "%c3%a4%C3%A4",
    "%2F%2f%3a%3A",
    "a+b%20c%2B",
    "a|b",
    "'single'",
    '"double"',
    "a=b=c==",
    "a/b?c:d@e",
    "{json}[0]",
    "%",
    "%zz%1",
    "%25%32%35",
    "%00%0d%0aSet-Cookie:%20a=b",
    "<script>alert(1)</script>",
    "\\back\\slash",
    "s" * 8_000,
]
SERVICE = "service_account/accounts/manage"


def link(client: str, *pieces: str, scope: str = "", redirect_uri: str = CALLBACK) -> str:
    owned = [f"client_id={client}", f"redirect_uri={quote(redirect_uri, safe='')}", "response_type=code"]
    return "&".join([*owned, *([f"scope={quote(scope)}"] if scope else []), *pieces])


async def ask(world: World, query: str, path: str = "/oauth/authorize") -> RawReply:
    return await exchange(world.gateway, request_bytes("GET", f"{path}?{query}"))


def assert_page(reply: RawReply, code: str) -> str:
    """An error page: nobody is redirected, nothing runs on it, it says which code."""
    assert (reply.status, reply.header("Gateway-Error")) == (400, code)
    assert reply.header("Location") is None
    assert reply.header("Content-Type") == "text/html; charset=utf-8"
    assert "default-src 'none'" in (reply.header("Content-Security-Policy") or "")
    assert "frame-ancestors 'none'" in (reply.header("Content-Security-Policy") or "")
    assert reply.header("Cache-Control") == "no-store"
    assert (reply.header("X-Request-Id") or "nowhere") in reply.body.decode()
    assert reply.header("Server") == "cronofy-gateway"
    page = reply.body.decode()
    assert "<script" not in page.lower()
    return page


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "client", ["nobody", "", "<script>alert(1)</script>", "%3Cscript%3E", "app-strict%00", "a" * 5000]
)
async def test_an_unknown_client_gets_a_page_and_no_redirect(world: World, path: str, client: str) -> None:
    """Before the client is known, a redirect would make this gateway an open redirector (RFC 9700 section 4.11)."""
    assert_page(await ask(world, link(client, scope=FULL_SCOPE), path), "client_unknown")


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "https://evil.example/callback",
        "https://app.example.com/callback/",
        "https://app.example.com/callback?x=1",
        "https://app.example.com/callback#f",
        "https://app.example.com/Callback",
        "https://app.example.com:443/callback",
        "https://app.example.com@evil.example/callback",
        "https://app.example.com\\@evil.example/callback",
        "//app.example.com/callback",
        "http://127.0.0.1@evil.example/callback",
        "http://127.0.0.1.evil.example/callback",
        "http://127.0.0.1:80#@evil.example/",
        "http://localhost\r\nLocation: https://evil.example/",
        "javascript:alert(1)//http://127.0.0.1/",
        " http://127.0.0.1/callback",
        "http://127.0.0.1/call\x00back",
    ],
)
async def test_an_unregistered_redirect_uri_gets_a_page_and_no_redirect(world: World, uri: str) -> None:
    """Redirect URIs match exactly; CVE-2021-21291 and its kin came from matching a part of them."""
    page = assert_page(await ask(world, link(STRICT, redirect_uri=uri)), "redirect_uri_unregistered")
    assert "evil" not in page


@pytest.mark.parametrize("state", STATES)
async def test_a_refusal_gives_the_state_back_byte_for_byte(world: World, state: str) -> None:
    """RFC 6749 section 4.1.2.1: the exact value that came from the client, in its own spelling."""
    reply = await ask(world, link(STRICT, f"state={state}", scope="read_events"))
    location = reply.header("Location") or ""
    assert reply.status == 302
    assert location.startswith(f"{CALLBACK}?error=invalid_scope&error_description=")
    assert location.endswith(f"&state={state}")
    assert "free_busy_write" in parse_qs(urlsplit(location).query)["error_description"][0]


@pytest.mark.parametrize("state", STATES)
async def test_a_good_request_takes_the_state_on_byte_for_byte(world: World, state: str) -> None:
    reply = await ask(world, link(STRICT, f"state={state}", scope=FULL_SCOPE))
    location = reply.header("Location") or ""
    assert reply.status == 302
    assert location.startswith(f"{world.emulator}/oauth/authorize?response_type=code&client_id=emulator-application&")
    assert location.endswith(f"&state={state}")


async def test_a_state_in_raw_utf_8_is_no_request_line(world: World) -> None:
    """RFC 9112 section 3.2 has no place for it; a browser percent-encodes it, and that spelling comes back."""
    reply = await ask(world, link(STRICT, "state=grün", scope=FULL_SCOPE))
    assert (reply.status, reply.header("Gateway-Error")) == (400, "malformed_request")


@pytest.mark.parametrize(
    "hidden",
    [
        "scope=read_only",
        "scope[]=read_only",
        "scope%5B%5D=read_only",
        "[scope]=read_only",
        "sc%6Fpe=read_only",
        "scope[a][b]=x",
        "x=1;scope=read_only",
        "x;scope=read_only",
        "client_id=app-adding",
        "client_id[]=app-adding",
        "redirect_uri=https://evil.example/",
        "redirect_uri[0]=https://evil.example/",
        "response_type=token",
        "delegated_scope=a&delegated_scope=b",
        "state=a&state=b",
        "state[]=a",
        "state=a;redirect_uri=https://evil.example/",
        "+scope=read_only",
        "scope%00=read_only",
        "scope%20=read_only",
    ],
)
@pytest.mark.parametrize("path", PATHS)
async def test_an_owned_parameter_that_two_readers_would_see_differently_is_a_page(
    world: World, path: str, hidden: str
) -> None:
    """Rack, Rails and others read brackets, blanks and `;` in their own ways; the last or the first of two may win."""
    page = assert_page(await ask(world, link(ADDING, hidden, scope=FULL_SCOPE), path), "parameter_repeated")
    assert "evil" not in page


@pytest.mark.parametrize(("kind", "code"), [("token", "unsupported_response_type"), ("", "invalid_request")])
async def test_another_response_type_is_told_to_the_client(world: World, kind: str, code: str) -> None:
    query = f"client_id={STRICT}&redirect_uri={quote(CALLBACK, safe='')}&response_type={kind}&state=s%2b1"
    reply = await ask(world, query)
    location = reply.header("Location") or ""
    assert reply.status == 302
    assert location.startswith(f"{CALLBACK}?error={code}&")
    assert location.endswith("&state=s%2b1")


async def test_an_empty_parameter_means_an_absent_one(world: World) -> None:
    """The Python SDK sends every parameter that it knows, empty where the app gave none."""
    empty = "state=&provider_name=&avoid_linking=&link_token="
    reply = await ask(world, link(ADDING, empty, "delegated_scope=", scope="read_events"))
    asked = parse_qs(urlsplit(reply.header("Location") or "").query)
    assert reply.status == 302
    assert asked["scope"] == ["read_events free_busy_write"]
    assert "state" not in asked
    assert "delegated_scope" not in asked

    refused = await ask(world, link(STRICT, empty))
    assert "state=" not in (refused.header("Location") or "")


async def test_what_the_gateway_does_not_own_passes_byte_for_byte(world: World) -> None:
    others = ["provider_name=google", "unknown=%2f%2F+|%7e~", "a[]=1", "a[]=2", "flag", "x=;y=1", "u=%C3%a4", "=v"]
    reply = await ask(world, link(ADDING, "state=s", *others, scope=FULL_SCOPE))
    assert (reply.header("Location") or "").endswith("&state=s&" + "&".join(others))


@pytest.mark.parametrize("piece", ["x=1#y", "state=a#b", "#", "state=s#&scope=read_only"])
@pytest.mark.parametrize("path", PATHS)
async def test_a_fragment_in_the_request_is_refused(world: World, path: str, piece: str) -> None:
    """What follows `#` would be cut off on the way to Cronofy, by the browser (CVE-2026-41059 is its kin)."""
    reply = await ask(world, link(ADDING, piece, scope=FULL_SCOPE), path)
    assert reply.status == 400
    assert reply.header("Location") is None


@pytest.mark.parametrize(
    "scope", ["%22", "a%5Cb", "read_events%0aset-cookie:x", "%c3%a4", "read%09events%09free_busy_write"]
)
async def test_a_scope_that_could_be_split_in_two_ways_is_told_to_the_client(world: World, scope: str) -> None:
    reply = await ask(world, link(ADDING, f"scope={scope}"))
    assert reply.status == 302
    assert (reply.header("Location") or "").startswith(f"{CALLBACK}?error=invalid_scope&")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("path", PATHS)
async def test_only_get_is_taken(world: World, path: str, method: str) -> None:
    reply = await exchange(world.gateway, request_bytes(method, path))
    assert (reply.status, reply.header("Allow")) == (405, "GET,HEAD")
    assert reply.header("Gateway-Error") == "method_not_allowed"


async def test_enterprise_connect_takes_service_account_scopes_only(world: World) -> None:
    path = PATHS[1]
    for scope in ("", FULL_SCOPE, f"{SERVICE} read_events"):
        reply = await ask(world, link(ADDING, "delegated_scope=free_busy_write", scope=scope), path)
        assert (reply.header("Location") or "").startswith(f"{CALLBACK}?error=invalid_scope&")
    reply = await ask(world, link(STRICT, "delegated_scope=free_busy_write", scope=SERVICE), path)
    assert (reply.header("Location") or "").startswith(f"{world.emulator}{path}?")


async def test_business_connect_is_for_clients_that_may(world: World) -> None:
    reply = await ask(world, link(ADDING, "delegated_scope=free_busy_write", "state=s", scope=FULL_SCOPE))
    assert (reply.header("Location") or "").startswith(f"{CALLBACK}?error=invalid_request&")
