"""What crosses Envoy, Caddy and Traefik with the shipped files: lines of heads, keys, targets, and Cronofy's name."""

import re
from functools import partial
from typing import Final

import pytest
import trustme

from gateway.rules import headers as rules
from tests.journeys.door.browser import Browser, page_headers, send
from tests.journeys.engines.others.binaries import KEY
from tests.journeys.engines.others.relay import NAME
from tests.journeys.engines.others.scene import Scene
from tests.journeys.raw_http import RawReply, connect, exchange, request_bytes
from tests.journeys.stub_upstream import Call, json_reply, reply
from tests.journeys.world import MODE, World

pytestmark = pytest.mark.asyncio(loop_scope="module")

DIRECT: Final = "/v1/account"
ORIGIN: Final = "http://127.0.0.1:9"
# An engine's own to set anew: they arrive, and say nothing of the client's.
_FRAMING: Final = {"accept-encoding", "authorization", "content-length", "host", "transfer-encoding", "x-request-id"}
# These make no plain call, or end the connection.
_OF_THE_CONNECTION: Final = {"connection", "expect", "upgrade", "http2-settings", "te"}
_NOT_UP: Final = sorted(rules._NOT_UPSTREAM - _FRAMING - _OF_THE_CONNECTION)
_NOT_DOWN: Final = sorted(
    (rules._NOT_DOWNSTREAM | rules._CACHING | {MODE.lower()})
    - {"connection", "content-length", "transfer-encoding", "te", "trailer", "upgrade"}
)
_SET_HERE: Final = {MODE.lower(), "cache-control", "vary", "via", "x-content-type-options", "x-request-id"}


async def bearer(world: World) -> str:
    return f"Authorization: Bearer {(await world.sign_in())['access_token']}"


async def get(scene: Scene, *lines: str, target: str = DIRECT) -> RawReply:
    return await exchange(scene.url, request_bytes("GET", target, *lines, "Connection: close"))


def only(scene: Scene) -> Call:
    """Return the one call that Cronofy got."""
    (call,) = scene.cronofy.calls
    return call


async def test_lines_that_are_not_for_cronofy_do_not_reach_it(scene: Scene) -> None:
    """What the gateway holds back, the engines hold back; a `_` is read as a `-` behind some servers."""
    token = await bearer(scene.world)
    scene.forget()
    named = ["Sec-Fetch-Mode", "Sec-CH-UA", "X-Forwarded-Host", "X-Forwarded-Uri", "X-Forwarded-Prefix"]
    named += ["Gateway-Engine-Key", "Gateway-Checked-Method", "Gateway-Something", "Proxy-Something"]
    named += ["X_Forwarded_For", "X_HTTP_Method_Override", "Gateway_Account"]
    skipped = {"gateway-account", "gateway-client", "x-csrf"}  # with another word they are another call
    lines = [f"{name}: canary" for name in (*_NOT_UP, *named) if name not in skipped]
    answer = await get(scene, token, *lines, "User-Agent: Cronofy Ruby", 'If-None-Match: "etag"', "Accept-Language: de")
    call = only(scene)

    assert answer.status == 200
    assert b"canary" not in call.head.lower()
    assert call.header("via") == "1.1 cronofy-gateway"
    assert call.header("host") in {NAME, f"{NAME}:{scene.cronofy.port}"}
    assert [call.header(one) for one in ("user-agent", "if-none-match", "accept-language")] == [
        "Cronofy Ruby",
        '"etag"',
        "de",
    ]
    expected = {"host", "authorization", "via", "x-request-id", "user-agent", "if-none-match", "accept-language"}
    assert {name for name, _ in call.headers} - expected <= {"accept-encoding", "accept"}


async def test_cookie_and_page_headers_stay_behind(scene: Scene, browser: Browser) -> None:
    await browser.sign_in()
    browser.plant("another", "cookie-canary")
    scene.forget()
    lines = [("Referer", "https://canary.example"), ("Gateway-Client", "web"), ("Sec-Fetch-Site", "same-site")]
    assert (await browser.fetch("GET", DIRECT, headers=lines)).status == 200
    names = {name for name, _ in only(scene).headers}
    assert not names & {"cookie", "x-csrf", "origin", "referer", "gateway-client", "sec-fetch-site"}


async def test_lines_of_cronofys_that_are_not_its_to_say_do_not_reach_the_client(scene: Scene) -> None:
    """The mode and the id that it might claim neither; an ETag and Rack's Status do."""
    token = await bearer(scene.world)
    lines = [f"{name}: canary" for name in _NOT_DOWN]
    lines += ["Access-Control-Allow-Origin: canary", "Access-Control-Expose-Headers: canary", "Proxy-Other: canary"]
    with scene.cronofy.answers(DIRECT, json_reply(200, {}, *lines, 'ETag: "etag"', "Status: 200 OK")):
        answer = await get(scene, token, f"Origin: {ORIGIN}")

    assert answer.status == 200
    assert "canary" not in str(answer.headers)
    assert not {name for name, _ in answer.headers} & (set(_NOT_DOWN) - _SET_HERE)
    assert (answer.header("etag"), answer.header("status")) == ('"etag"', "200 OK")
    assert (answer.header(MODE), answer.header("x-content-type-options")) == ("read_write", "nosniff")
    assert (answer.header("cache-control"), answer.header("vary")) == ("no-store", "Cookie, Origin")
    assert [value for name, value in answer.headers if name == "via"][-1] == "1.1 cronofy-gateway"
    assert answer.header("x-request-id")
    assert answer.header("access-control-allow-origin") == ORIGIN


async def test_a_redirect_of_cronofys_leads_nowhere(scene: Scene) -> None:
    """Its API never redirects, and a browser would follow."""
    token = await bearer(scene.world)
    with scene.cronofy.answers(DIRECT, reply(302, b"", "Location: https://evil.example")):
        answer = await get(scene, token)
    assert answer.header("location") is None
    assert answer.status == (302 if scene.name == "envoy" else 502)


async def test_the_key_is_the_engines_own_and_goes_to_the_gateway_alone(scene: Scene) -> None:
    """A client's own is replaced, the gateway sees one, and neither Cronofy nor the client any."""
    token = await bearer(scene.world)
    scene.forget()
    forged = (f"Gateway-Engine-Key: {KEY}x", "gateway-engine-key: forged", "Gateway_Engine_Key: forged")
    carried = await get(scene, token, *forged)
    passed_on = await get(scene, token, *forged, target="/v1/events?tzid=Etc/UTC")
    refused = await get(scene, *forged)

    for question in scene.gate.questions():
        assert [line for line in question if "engine" in line.lower() and "key" in line.lower()] == [
            next(line for line in question if line.lower() == f"gateway-engine-key: {KEY}")
        ]
    assert len(scene.gate.questions()) == 2
    assert (carried.status, passed_on.status, refused.status) == (200, 200, 401)
    assert KEY not in scene.cronofy.calls[0].head.decode() + str([carried, passed_on, refused])


async def test_method_and_target_of_the_question_are_the_calls_own(scene: Scene) -> None:
    """What a client says of them is not believed: it would be judged for one call and get another."""
    token = await bearer(scene.world)
    scene.forget()
    forged = (
        "X-Forwarded-Uri: /v1/profiles",
        "X-Forwarded-Method: GET",
        "X_Forwarded_Uri: /v1/profiles",
        "Gateway-Checked-Method: GET",
        "X-Original-URL: /v1/profiles",
        "X-HTTP-Method-Override: GET",
    )
    kind = "Content-Type: application/json"
    await exchange(scene.url, request_bytes("DELETE", "/v1/channels/x?a=%20b", token, kind, *forged, body=b"{}"))
    await get(scene, token, *forged, target="/v1/resources?a=b&c=d")

    assert scene.asked() == [("DELETE", "/v1/channels/x?a=%20b"), ("GET", "/v1/resources?a=b&c=d")]
    assert scene.carried == ["DELETE /v1/channels/x?a=%20b HTTP/1.1", "GET /v1/resources?a=b&c=d HTTP/1.1"]


TRICKS: Final = [
    "/v1/events/../account",
    "/v1/account/../events",
    "/v1/./account",
    "/v1//account",
    "//v1/account",
    "/v1/account/",
    "/v1/calendars/%2e%2e/events",
    "/v1/channels/..",
    "/v1/channels/%2e%2e",
    "/v1/availability_rules/..%2fevents",
    "/v1/availability_rules/..%5cevents",
    "/v1/availability_rules/..\\events",
    "/v1/availability_rules/%252e%252e",
    "/v1/availability_rules/a%2Fb",
    "/v1/availability_rules/a;b",
    "/v1/availability_rules/a%3Bb",
    "/v1/availability_rules/a%00",
    "/v1/availability_rules/a%23b",
    "/v1/availability_rules/a%3Fb",
    "/v1/account#/../events",
    "/v1/account?_method=DELETE",
    "/v1/account?%5Fmethod=DELETE",
    "/V1/account",
    "http://elsewhere.example/v1/account/../events",
    "http://elsewhere.example//v1/account",
    "*",
]


@pytest.mark.parametrize("target", TRICKS)
async def test_no_spelling_gets_a_call_past_its_judge(scene: Scene, target: str) -> None:
    """Whatever an engine makes of a target, the gateway is asked about what Cronofy would get, and refuses the odd."""
    token = await bearer(scene.world)
    scene.forget()
    answer = await get(scene, token, target=target)

    assert answer.status >= 400 or target == "/v1/account/"
    assert scene.carried == []


async def test_a_letter_in_disguise_is_the_letter_for_everybody_or_nobody(scene: Scene) -> None:
    """Traefik alone decodes it, before it asks; the others show it to the gateway, which knows no such operation."""
    token = await bearer(scene.world)
    scene.forget()
    answer = await get(scene, token, target="/v1/accoun%74")

    known = scene.name == "traefik"
    assert answer.status == (200 if known else 404)
    assert scene.asked() == ([("GET", "/v1/account")] if known else [])
    assert scene.carried == (["GET /v1/account HTTP/1.1"] if known else [])


@pytest.mark.parametrize(
    "target",
    [
        "/v1/availability_rules/a%40b?x=%7B%22a%22:1%7D&y[]=1&z=a+b%20c",
        "/v1/availability_rules/a~b(c)!*'",
        "/v1/availability_rules/%C3%BC%2e",
        "http://elsewhere.example/v1/account",
    ],
)
async def test_what_was_judged_is_what_is_carried(scene: Scene, target: str) -> None:
    """In absolute-form the host counts for nothing; a triple that Traefik decodes, it decodes before it asks."""
    token = await bearer(scene.world)
    scene.forget()
    await get(scene, token, target=target)

    assert [f"{method} {asked} HTTP/1.1" for method, asked in scene.asked()] == scene.carried
    assert len(scene.carried) == 1
    path = target.removeprefix("http://elsewhere.example")
    assert scene.asked()[0][1] in {path, re.sub("%2e", ".", path)}


async def test_doubled_credentials_are_refused(scene: Scene, browser: Browser) -> None:
    """However an engine writes two lines of one name, the gateway takes them for none of them."""
    await browser.sign_in()
    token = await bearer(scene.world)
    cookie = f"Cookie: {browser.cookie_header}"
    page = [f"{name}: {value}" for name, value in page_headers()]
    scene.forget()
    doubled = [
        await get(scene, token, token.replace("Bearer ", "Bearer x")),
        await get(scene, cookie, cookie, *page),
        await get(scene, cookie, *page, "X-CSRF: 1"),
        await get(scene, cookie, *page, "Origin: https://evil.example"),
    ]
    assert all(answer.status in {400, 401, 403} for answer in doubled), doubled
    assert scene.carried == []


async def test_connection_deletes_nothing_that_counts(scene: Scene) -> None:
    """GHSA-w9mr-28mw-j8hg: `Connection` names what the next hop is to drop, and must not name the engine's own."""
    token = await bearer(scene.world)
    for name in ("Gateway-Engine-Key", "X-Forwarded-Uri", "X-Forwarded-Method", MODE, "X-Request-Id"):
        scene.forget()
        raw = request_bytes("GET", DIRECT, token, f"Connection: close, {name}")
        answer = await exchange(scene.url, raw)
        assert answer.status in {200, 400, 403}, name
        if answer.status == 200:
            assert answer.header(MODE) == "read_write", name
            assert only(scene).header("authorization") == token.partition(": ")[2]


async def test_an_upgrade_opens_no_tunnel(scene: Scene) -> None:
    token = await bearer(scene.world)
    scene.forget()
    answer = await exchange(
        scene.url,
        request_bytes("GET", DIRECT, token, "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: x"),
    )
    assert answer.status != 101
    assert scene.carried == []


async def test_head_is_carried_as_head(scene: Scene) -> None:
    token = await bearer(scene.world)
    scene.forget()
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 270\r\n\r\n"
    with scene.cronofy.answers(DIRECT, head):
        async with connect(scene.url) as wire:
            await wire.send(request_bytes("HEAD", DIRECT, token))
            answer = await wire.reply(to_head=True)
    assert (answer.status, answer.header(MODE), answer.header("content-length")) == (200, "read_write", "270")
    assert scene.carried == [f"HEAD {DIRECT} HTTP/1.1"]


async def test_only_cronofys_own_certificate_is_believed(scene: Scene) -> None:
    """Neither one of an unknown authority nor one of another name gets a token."""
    token = await bearer(scene.world)
    scene.forget()
    for shows in (partial(scene.cronofy.shows, authority=trustme.CA()), partial(scene.cronofy.shows, name="a.example")):
        async with shows():
            answer = await get(scene, token)
        assert answer.status >= 500
    assert scene.carried == []
    assert (await get(scene, token)).status == 200


async def test_an_answer_of_another_origins_page_cannot_be_read(scene: Scene, browser: Browser) -> None:
    """The gateway says who may read, in place of Cronofy."""
    await browser.sign_in()
    answer = await send(browser.http, "GET", scene.url + DIRECT, [("X-CSRF", "1")])
    assert answer.status == 200
    assert "Access-Control-Allow-Origin" not in answer.headers
