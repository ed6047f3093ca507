"""What somebody can send to the token endpoints, and what they get for it."""

import base64
import gzip
import json
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.journeys.raw_http import RawReply, exchange, request_bytes
from tests.journeys.records import kinds_stored
from tests.journeys.stub_upstream import TOKENS, StubUpstream
from tests.journeys.world import ADDING, CALLBACK, SECRETS, STRICT, World

PATHS = ["/oauth/token", "/oauth/token/revoke"]
FORM = "Content-Type: application/x-www-form-urlencoded"
JSON = "Content-Type: application/json; charset=utf-8"
REFRESH = {
    "client_id": ADDING,
    "client_secret": SECRETS[ADDING],
    "grant_type": "refresh_token",
    "refresh_token": "known-to-nobody",
}
CODE = {**REFRESH, "grant_type": "authorization_code", "code": "some-code", "redirect_uri": CALLBACK}


async def post(world: World, body: bytes, *lines: str, path: str = "/oauth/token") -> tuple[RawReply, dict[str, Any]]:
    """Send a body and return the answer, which is always an RFC 6749 one that nobody caches."""
    reply = await exchange(world.gateway, request_bytes("POST", path, "Connection: close", *lines, body=body))
    assert reply.header("Cache-Control") == "no-store"
    told = json.loads(reply.body) if reply.body else {}
    if reply.status >= 400:
        assert set(told) == {"error", "error_description"}
        assert (
            reply.header(
                "Content-Type",
            )
            == "application/json"
        )
        assert reply.header("Pragma") == "no-cache"
        assert reply.header("Gateway-Error")
    return reply, told


def basic(user: str, password: str) -> str:
    return "Authorization: Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.mark.parametrize(
    ("body", "line"),
    [
        (b"{", JSON),
        (b"[]", JSON),
        (b"null", JSON),
        (b"", JSON),
        (b"\xff\xfe{\x00}\x00", JSON),
        (b"\xef\xbb\xbf{}", JSON),
        (b"[" * 60_000, JSON),
        (b'{"a":' * 10_000, JSON),
        (b'{"code":"a","code":"b"}', JSON),
        (b'{"code":{"a":"b"}}', JSON),
        (b'{"code":["a"]}', JSON),
        (b'{"code":1}', JSON),
        (b'{"code":NaN}', JSON),
        (b"a=1&a=2", FORM),
        (b"code=%ff", FORM),
        (b"code=\xc3\xa4", FORM),
        (b"%61=1&a=2", FORM),
        (b"<xml/>", "Content-Type: text/xml"),
        (b"--x--", "Content-Type: multipart/form-data; boundary=x"),
        (b"not gzip", "Content-Type: application/json\r\nContent-Encoding: gzip"),
    ],
)
@pytest.mark.parametrize("path", PATHS)
async def test_a_body_that_cannot_be_read_is_an_invalid_request(
    stubbed: World, stub: StubUpstream, path: str, body: bytes, line: str
) -> None:
    reply, told = await post(stubbed, body, line, path=path)
    assert (reply.status, told["error"]) in {(400, "invalid_request"), (415, "invalid_request")}
    assert stub.calls == []


@pytest.mark.parametrize("body", [b"", b"&&&", b"=&=x", b"grant_type="])
@pytest.mark.parametrize("lines", [(), (FORM,)])
async def test_an_empty_request_lacks_its_client(stubbed: World, body: bytes, lines: tuple[str, ...]) -> None:
    """An empty POST without a Content-Type once crashed a peer (CVE-2025-3891)."""
    reply, told = await post(stubbed, body, *lines)
    assert reply.status == 400
    assert told["error"] in {"invalid_client", "invalid_request"}


@pytest.mark.parametrize("path", PATHS)
async def test_a_body_over_the_limit_is_not_read(stubbed: World, stub: StubUpstream, path: str) -> None:
    reply, told = await post(stubbed, b"a" * 70_000, FORM, path=path)
    assert (reply.status, told["error"], reply.header("Gateway-Error")) == (413, "invalid_request", "body_too_large")
    assert stub.calls == []


async def test_a_gzip_bomb_is_not_unpacked(stubbed: World) -> None:
    bomb = gzip.compress(b'{"code":"' + b"a" * 40_000_000 + b'"}', 9)
    assert len(bomb) < 64 * 1024
    reply, _ = await post(stubbed, bomb, JSON, "Content-Encoding: gzip")
    assert (reply.status, reply.header("Gateway-Error")) == (413, "body_too_large")


@pytest.mark.parametrize("shape", ["json", "form", "no type", "basic", "basic without id", "junk bearer"])
async def test_credentials_come_in_the_shapes_that_clients_send(stubbed: World, stub: StubUpstream, shape: str) -> None:
    fields, lines = dict(CODE), [FORM]
    if shape.startswith("basic"):
        del fields["client_secret"]
        lines.append(basic(ADDING, SECRETS[ADDING]))
    if shape == "basic without id":
        del fields["client_id"]
    if shape == "junk bearer":
        lines.append("Authorization: Bearer None")
    body = urlencode(fields).encode()
    if shape == "json":
        body, lines = json.dumps({**fields, "refresh_token": None}).encode(), [JSON]
    if shape == "no type":
        lines = []
    reply, told = await post(stubbed, body, *lines)
    assert (reply.status, told) == (200, TOKENS)
    sent = json.loads(stub.calls[0].body)
    assert sent == {
        "client_id": "emulator-application",
        "client_secret": sent["client_secret"],
        "grant_type": "authorization_code",
        "code": "some-code",
        "redirect_uri": CALLBACK,
    }
    assert sent["client_secret"].startswith("CRN_")
    assert stub.calls[0].header("authorization") is None


@pytest.mark.parametrize(
    ("user", "secret"),
    [
        (ADDING, "wrong"),
        (ADDING, SECRETS[STRICT]),
        ("nobody", SECRETS[ADDING]),
        ("emulator-application", "CRN_emulator_first_secret_0123456789abcdef"),
        (ADDING, ""),
        ("", SECRETS[ADDING]),
        (ADDING, SECRETS[ADDING] + "\x00"),
        (ADDING, SECRETS[ADDING] + " "),
    ],
)
@pytest.mark.parametrize("path", PATHS)
async def test_wrong_credentials_are_400_in_the_body_and_401_in_basic(
    stubbed: World, stub: StubUpstream, path: str, user: str, secret: str
) -> None:
    """RFC 6749 section 5.2 asks for 401 where the client tried HTTP Basic; Cronofy itself answers 400."""
    fields = {"grant_type": "refresh_token", "refresh_token": "r", "token": "t"}
    body = urlencode({**fields, "client_id": user, "client_secret": secret}).encode()
    reply, told = await post(stubbed, body, FORM, path=path)
    assert (reply.status, told["error"]) == (400, "invalid_client")
    assert reply.header("WWW-Authenticate") is None

    reply, told = await post(stubbed, urlencode(fields).encode(), FORM, basic(user, secret), path=path)
    assert (reply.status, told["error"]) == (401, "invalid_client")
    assert (reply.header("WWW-Authenticate") or "").startswith("Basic ")
    assert stub.calls == []


@pytest.mark.parametrize("value", ["Basic", "Basic !!!", "Basic " + base64.b64encode(b"no colon").decode(), "Digest x"])
async def test_a_damaged_authorization_names_no_client(stubbed: World, value: str) -> None:
    reply, told = await post(stubbed, b"grant_type=refresh_token&refresh_token=r", FORM, f"Authorization: {value}")
    assert told["error"] == "invalid_client"
    assert reply.status == (401 if value.startswith("Basic") else 400)


async def test_two_authorization_headers_are_refused(stubbed: World, stub: StubUpstream) -> None:
    lines = [basic(ADDING, SECRETS[ADDING]), basic(STRICT, SECRETS[STRICT])]
    reply, _ = await post(stubbed, b"grant_type=refresh_token&refresh_token=r", FORM, *lines)
    assert (reply.status, reply.header("Gateway-Error")) == (400, "authorization_repeated")
    assert stub.calls == []


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"grant_type": ""}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, "unsupported_grant_type"),
        ({"grant_type": "urn:ietf:params:oauth:grant-type:token-exchange"}, "unsupported_grant_type"),
        ({"code": ""}, "invalid_request"),
        ({"redirect_uri": ""}, "invalid_request"),
        ({"redirect_uri": "https://evil.example/callback"}, "invalid_grant"),
        ({"redirect_uri": "https://app.example.com/callback/"}, "invalid_grant"),
        ({"redirect_uri": CALLBACK + "\x00"}, "invalid_grant"),
    ],
)
async def test_a_wrong_field_is_named_before_anything_is_sent(
    stubbed: World, stub: StubUpstream, change: dict[str, str], error: str
) -> None:
    reply, told = await post(stubbed, json.dumps({**CODE, **change}).encode(), JSON)
    assert (reply.status, told["error"]) == (400, error)
    assert stub.calls == []
    assert kinds_stored(stubbed) == []


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS"])
async def test_only_post_is_taken(stubbed: World, path: str, method: str) -> None:
    reply = await exchange(stubbed.gateway, request_bytes(method, f"{path}?client_secret=canary"))
    assert (reply.status, reply.header("Allow"), reply.header("Gateway-Error")) == (405, "POST", "method_not_allowed")
    assert b"canary" not in reply.body


async def test_fields_in_the_query_do_not_count(stubbed: World, stub: StubUpstream) -> None:
    """RFC 6749 section 2.3.1: parameters must not be in the request URI."""
    reply, told = await post(stubbed, b"", FORM, path=f"/oauth/token?{urlencode(CODE)}")
    assert (reply.status, told["error"]) == (400, "invalid_client")
    assert stub.calls == []


async def test_a_form_that_names_a_secret_twice_does_not_say_it_back(stubbed: World) -> None:
    """A client that forgets the name sends the secret where the name belongs."""
    reply, _ = await post(stubbed, b"canary-secret&canary-secret", FORM)
    assert reply.status == 400
    assert b"canary" not in reply.body
