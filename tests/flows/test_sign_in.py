"""Signing in: a state is good once, for ten minutes, in the browser that began it."""

import asyncio
import base64
import string
from urllib.parse import parse_qs, urlsplit

import pytest

from gateway.adapters.key_ring import generate_key, parse_key_ring
from gateway.adapters.sealing import AesGcmSealer
from gateway.flows.ports import ApiReply
from gateway.flows.sign_in import FLOW, FLOW_SECONDS, Begun, SignIns
from gateway.rules.access_mode import AccessMode
from gateway.rules.authorize_request import Connect
from gateway.rules.client import BrowserDoor, OnUngranted
from gateway.rules.error_codes import Code
from gateway.rules.errors import CronofyUnavailable, GatewayError, RequestRefused, StoreUnavailable
from gateway.rules.login_request import LoginRequest
from tests.clock import FakeClock
from tests.flows.fakes import APPLICATION, Kit, StoreAway, client, kit, registry, token_door, token_reply

DOOR = BrowserDoor(
    frozenset({"https://a.test"}),
    "https://a.test/app",
    scope="free_busy_write",
    service_scope="service_account/accounts/manage",
    delegated_scope="free_busy_write",
)
A = client("a", browser=DOOR, redirect_uris=())
ASKED = LoginRequest("a", "", Connect.INDIVIDUAL, "google_free_busy", "de", "")
BACK = "https://a.test/app"


def sign_ins(one: Kit) -> SignIns:
    known = registry(A)
    tokens = token_door(one, known)
    sealer = one.records.sealer
    return SignIns(known, one.connections, tokens, one.records, sealer, one.clock, "https://gw.test")


def begin(one: Kit, asked: LoginRequest = ASKED) -> tuple[SignIns, Begun, str]:
    """Return a flow that began, and its state."""
    story = sign_ins(one)
    begun = story.begin(A, DOOR, asked, BACK)
    return story, begun, parse_qs(urlsplit(begun.location).query)["state"][0]


def refusal(story: SignIns, state: str, cookie: str | None) -> tuple[str, str]:
    with pytest.raises(RequestRefused) as caught:
        story.recognise(state, cookie)
    return caught.value.code, caught.value.public


def test_the_browser_is_sent_to_cronofy_with_the_applications_id_and_the_gateways_redirect_uri(
    clock: FakeClock,
) -> None:
    _, begun, state = begin(kit(clock))

    assert begun.location.startswith("https://app.test/oauth/authorize?")
    assert parse_qs(urlsplit(begun.location).query) == {
        "response_type": ["code"],
        "client_id": ["cronofy-id"],
        "redirect_uri": ["https://gw.test/auth/callback"],
        "scope": ["free_busy_write"],
        "state": [state],
        "avoid_linking": ["true"],
        "provider_name": ["google_free_busy"],
        "locale": ["de"],
    }


def test_enterprise_connect_asks_for_the_service_account_and_what_it_may_delegate(clock: FakeClock) -> None:
    _, begun, _ = begin(kit(clock), LoginRequest("a", "", Connect.ENTERPRISE, "", "", ""))
    asked = parse_qs(urlsplit(begun.location).query)

    assert begun.location.startswith("https://app.test/enterprise_connect/oauth/authorize?")
    assert asked["scope"] == ["service_account/accounts/manage"]
    assert asked["delegated_scope"] == ["free_busy_write"]
    assert "avoid_linking" not in asked


def test_the_state_comes_back_to_the_browser_that_has_its_cookie(clock: FakeClock) -> None:
    story, begun, state = begin(kit(clock))
    flow_id, flow = story.recognise(state, begun.cookie)

    assert flow_id == begun.flow_id
    assert (flow.client, flow.return_to, flow.connect, flow.began_at) == ("a", BACK, Connect.INDIVIDUAL, clock.now())


def test_the_cookie_shows_nothing_and_needs_no_quotes(clock: FakeClock) -> None:
    """The state's secret half must not be had from it, and `=` would be quoted by the cookie's writer."""
    _, begun, state = begin(kit(clock))

    assert state.partition(".")[2] not in begun.cookie
    assert b"a.test" not in base64.urlsafe_b64decode(begun.cookie + "==")
    assert begun.cookie.replace("-", "").replace("_", "").isalnum()
    assert len(begun.cookie) < 4_000


def test_every_reason_is_the_same_refusal(clock: FakeClock) -> None:
    """CVE-2025-68158, CVE-2026-81888, CVE-2026-61687: no state, an empty one, no cookie, somebody else's."""
    one = kit(clock)
    story, begun, state = begin(one)
    _, other, other_state = begin(one)
    secret = state.partition(".")[2]
    stranger = AesGcmSealer(parse_key_ring(generate_key()))
    sealed = base64.urlsafe_b64decode(begun.cookie + "=" * (-len(begun.cookie) % 4))
    again = one.records.sealer.open(sealed, purpose=FLOW, client="", record_id=begun.flow_id)

    def cookie(raw: bytes) -> str:
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")

    def reseal(purpose: str, flow_id: str) -> str:
        return cookie(one.records.sealer.seal(again, purpose=purpose, client="", record_id=flow_id))

    tries = [
        ("", None),
        ("", ""),
        ("", begun.cookie),
        (".", begun.cookie),
        (state, None),
        (state, ""),
        (state, other.cookie),
        (other_state, begun.cookie),
        (begun.flow_id, begun.cookie),
        (f"{begun.flow_id}.", begun.cookie),
        (f"{begun.flow_id}.{secret}x", begun.cookie),
        (f"{begun.flow_id}.{secret[:-1]}", begun.cookie),
        (f"{other.flow_id}.{secret}", begun.cookie),
        (f"{begun.flow_id}.é\udcff", begun.cookie),
        (state, "not base64!"),
        (state, "é\udcff"),
        (state, "A"),
        (state, begun.cookie[:40]),
        (state, cookie(stranger.seal(again, purpose=FLOW, client="", record_id=begun.flow_id))),
        (state, reseal("session", begun.flow_id)),  # made for another purpose
        (state, reseal(FLOW, other.flow_id)),  # made for another flow
        (state, cookie(one.records.sealer.seal(b"{}", purpose=FLOW, client="", record_id=begun.flow_id))),
    ]
    refusals = {refusal(story, *tried) for tried in tries}

    assert [code for code, _ in refusals] == [Code.STATE_REFUSED]
    assert story.recognise(state, begun.cookie)[0] == begun.flow_id


def test_a_flipped_bit_anywhere_in_the_cookie_is_the_same_refusal(clock: FakeClock) -> None:
    """CVE-2026-47775: an answer that depends on the place of the damage is an oracle."""
    story, begun, state = begin(kit(clock))
    sealed = base64.urlsafe_b64decode(begun.cookie + "=" * (-len(begun.cookie) % 4))
    damaged = [sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :] for at in range(len(sealed))]
    cookies = [base64.urlsafe_b64encode(one).decode().rstrip("=") for one in damaged]

    assert len({refusal(story, state, cookie) for cookie in cookies}) == 1


def test_every_other_spelling_of_the_cookie_is_refused(clock: FakeClock) -> None:
    """The last character of base64 has bits that most readers ignore."""
    story, begun, state = begin(kit(clock))
    front, last = begun.cookie[:-1], begun.cookie[-1]
    others = [front + one for one in string.ascii_letters + string.digits + "-_+/=" if one != last]
    others += [begun.cookie + more for more in ("=", "==", "A", " ", "\n")]
    others += [begun.cookie.replace("-", "+").replace("_", "/") + "="]

    assert {refusal(story, state, cookie)[0] for cookie in others} == {Code.STATE_REFUSED}


@pytest.mark.parametrize(("seconds", "good"), [(FLOW_SECONDS - 1, True), (FLOW_SECONDS, False)])
def test_a_flow_has_ten_minutes(clock: FakeClock, seconds: float, *, good: bool) -> None:
    """Its time is inside the seal, whatever the browser makes of Max-Age."""
    story, begun, state = begin(kit(clock))
    clock.pass_time(seconds)
    if good:
        story.recognise(state, begun.cookie)
    else:
        assert refusal(story, state, begun.cookie)[0] == Code.STATE_REFUSED


async def test_a_flow_is_finished_once_whoever_comes_at_the_same_time(clock: FakeClock) -> None:
    one = kit(clock)
    story, begun, _ = begin(one)
    results = await asyncio.gather(*(story.consume(begun.flow_id) for _ in range(20)), return_exceptions=True)

    assert results.count(None) == 1
    assert {error.code for error in results if isinstance(error, RequestRefused)} == {Code.STATE_REFUSED}


async def test_the_mark_of_a_finished_flow_outlives_its_cookie(clock: FakeClock) -> None:
    one = kit(clock)
    story, begun, state = begin(one)
    clock.pass_time(FLOW_SECONDS - 1)
    await story.consume(begun.flow_id)
    clock.pass_time(FLOW_SECONDS - 1)

    assert refusal(story, state, begun.cookie)[0] == Code.STATE_REFUSED
    with pytest.raises(RequestRefused):
        await story.consume(begun.flow_id)


async def test_a_flow_costs_the_store_nothing_until_it_is_finished(clock: FakeClock) -> None:
    """Else anybody could fill it by opening the login."""
    one = kit(clock)
    story, begun, _ = begin(one)
    assert one.store._records == {}

    one.records.store = StoreAway(one.store)
    with pytest.raises(StoreUnavailable):
        await story.consume(begun.flow_id)


async def test_the_code_is_redeemed_with_the_gateways_redirect_uri_and_stored(clock: FakeClock) -> None:
    one = kit(clock)
    one.cronofy.tokens.append(token_reply())
    stored, tokens = await sign_ins(one).redeem(A, "code-1")

    ((_, sent),) = one.cronofy.asked
    assert sent == {
        "client_id": "cronofy-id",
        "client_secret": "cronofy-secret",
        "grant_type": "authorization_code",
        "code": "code-1",
        "redirect_uri": "https://gw.test/auth/callback",
    }
    assert (stored.connection.account, tokens.account) == ("acc_1", "acc_1")
    assert await one.connections.load(stored.id) == stored
    known = await one.modes.known(APPLICATION, "acc_1")
    assert known is not None
    assert known.all() == (AccessMode.FREE_BUSY,)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (ApiReply(400, b'{"error":"invalid_grant"}'), Code.INVALID_GRANT),
        (token_reply(scope="read_events"), Code.INVALID_SCOPE),
        (token_reply(sub=None), Code.UPSTREAM_REPLY_INVALID),
        (ApiReply(200, b"?"), Code.UPSTREAM_REPLY_INVALID),
        (CronofyUnavailable(Code.UPSTREAM_TIMEOUT, "slow"), Code.UPSTREAM_TIMEOUT),
    ],
)
async def test_a_code_that_brings_nothing_usable_leaves_no_connection(
    clock: FakeClock, answer: ApiReply | CronofyUnavailable, code: Code
) -> None:
    one = kit(clock)
    one.cronofy.tokens.append(answer)
    with pytest.raises(GatewayError) as caught:
        await sign_ins(one).redeem(A, "code-1")

    assert caught.value.code == code
    assert one.store._records == {}


async def test_a_client_that_only_warns_gets_its_connection(clock: FakeClock) -> None:
    one = kit(clock)
    one.cronofy.tokens.append(token_reply(scope="read_events"))
    stored, _ = await sign_ins(one).redeem(client("a", browser=DOOR, on_ungranted=OnUngranted.WARN), "code-1")

    assert stored.connection.scope == "read_events"
