"""The stories of a delegated account, from the request to the exchange, over fakes."""

import json
from dataclasses import replace
from typing import Any

import pytest

from gateway.flows.callers import Caller
from gateway.flows.delegated_callbacks import CallbackRules, Delegate, DelegatedCallbacks, Undelivered
from gateway.rules.callback_signatures import is_signed, sign
from gateway.rules.client import Client, Custody
from gateway.rules.error_codes import Code
from gateway.rules.errors import GatewayError, RequestRefused, StoreUnavailable
from tests.clock import FakeClock
from tests.flows.fakes import APPLICATION, Kit, StoreAway, callbacks, client, kit, registry, token_door, token_reply

URL = "https://a.test/hook?id=1"
KEEPING = client("a", custody=Custody.GATEWAY, secrets=("a-first", "a-second"))
OTHER = client("b", custody=Custody.GATEWAY, secrets=("b-secret",))
PASSING = client("c")
KNOWN = registry(KEEPING, OTHER, PASSING)
ASKED = {"email": "ada@example.com", "callback_url": URL, "scope": "free_busy_write", "state": "s"}
GRANTED = json.dumps({"authorization": {"code": "code-1", "state": "s"}}).encode()
REFUSED = json.dumps({"authorization": {"error": "unable_to_grant_scope", "state": "s"}}).encode()


def caller(*clients: Client) -> Caller:
    return Caller(APPLICATION, clients, "token-1", "ser_1", is_person=True)


async def secret_of(stories: DelegatedCallbacks, whose: Client = KEEPING, url: str = URL) -> str:
    """Ask for a delegated account, and return the secret of the URL that Cronofy is given."""
    sent = await stories.prepare({**ASKED, "callback_url": url}, caller(whose))
    return str(sent["callback_url"]).rpartition("/")[2]


async def take(stories: DelegatedCallbacks, secret: str, raw: bytes = GRANTED, signature: str | None = None) -> Client:
    async def read(limit: int) -> bytes:
        assert len(raw) < limit
        return raw

    signed = sign(raw, ["cronofy-secret"]) if signature is None else signature
    return await stories.take(secret, read, signed, "application/json")


def outcomes(one: Kit) -> dict[str, float]:
    return {
        sample.labels["outcome"]: sample.value
        for metric in one.metrics.callbacks.collect()
        for sample in metric.samples
        if sample.name == "gateway_callbacks_total"
    }


async def test_each_entry_gets_an_url_of_the_gateways_own(clock: FakeClock) -> None:
    stories = callbacks(kit(clock), KNOWN)
    body = {"service_account_authorizations": [ASKED, {**ASKED, "email": "bob@example.com"}], "state": "s"}
    sent = (await stories.prepare(body, caller(KEEPING)))["service_account_authorizations"]

    urls = [one["callback_url"] for one in sent]
    assert all(url.startswith("https://gw.test/auth/callbacks/") and len(url) <= 128 for url in urls)
    assert len(set(urls)) == 2
    assert [{**one, "callback_url": URL} for one in sent] == body["service_account_authorizations"]


async def test_in_custody_client_the_body_goes_on_as_it_came(clock: FakeClock) -> None:
    stories = callbacks(kit(clock), KNOWN)
    assert await stories.prepare(ASKED, caller(PASSING)) is ASKED
    assert await stories.recognise(PASSING, "any", URL) == Delegate("", "ser_1")


async def test_a_token_of_several_clients_is_passed_on_for_each_of_them(clock: FakeClock) -> None:
    """Who holds Cronofy's own token is in custody client, whatever else there is."""
    stories = callbacks(kit(clock), KNOWN)
    another = client("d")
    assert await stories.prepare(ASKED, caller(PASSING, another)) is ASKED
    for whose in (PASSING, another):
        assert await stories.recognise(whose, "any", URL) == Delegate("", "ser_1")


@pytest.mark.parametrize("whose", [KEEPING, PASSING])
@pytest.mark.parametrize("url", ["x", 7, None, "https://a.test/ b"])
async def test_a_bad_url_is_refused_and_nothing_is_kept(clock: FakeClock, whose: Client, url: object) -> None:
    one = kit(clock)
    body: dict[str, Any] = {"service_account_authorizations": [ASKED, {**ASKED, "callback_url": url}]}
    with pytest.raises(RequestRefused) as caught:
        await callbacks(one, KNOWN).prepare(body, caller(whose))

    assert (caught.value.code, len(caught.value.fields)) == (Code.INVALID_FIELD, 1)
    assert await one.store.list_ids("callback") == []


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/hook", "https://10.0.0.1/hook"])
async def test_only_where_it_is_allowed_does_the_gateway_post_to_itself(clock: FakeClock, url: str) -> None:
    stories = callbacks(kit(clock), KNOWN)
    with pytest.raises(RequestRefused):
        await stories.prepare({**ASKED, "callback_url": url}, caller(KEEPING))

    allowing = replace(stories, rules=CallbackRules("http://127.0.0.1:8080", loopback=True, private=True))
    assert await allowing.prepare({**ASKED, "callback_url": url}, caller(KEEPING))


@pytest.mark.parametrize("raw", [GRANTED, REFUSED, b'{"unknown":1}'])
async def test_what_cronofy_tells_goes_on_as_it_is_with_the_clients_signatures(clock: FakeClock, raw: bytes) -> None:
    one = kit(clock)
    stories = callbacks(one, KNOWN)
    assert await take(stories, await secret_of(stories), raw) is KEEPING

    ((url, body, headers),) = one.posts.posted
    assert (url, body, headers["Content-Type"]) == (URL, raw, "application/json")
    assert headers["Cronofy-HMAC-SHA256"] == sign(raw, ["a-first", "a-second"])
    assert not is_signed(raw, headers["Cronofy-HMAC-SHA256"], ["cronofy-secret"])
    assert outcomes(one) == {"forwarded": 1}


async def test_either_of_the_applications_secrets_may_have_signed(clock: FakeClock) -> None:
    one = kit(clock)
    application = replace(APPLICATION, other_client_secret="cronofy-newer")
    known = registry(KEEPING)
    known.replace([application], [KEEPING])
    stories = callbacks(one, known)
    for secrets in (["cronofy-newer"], ["cronofy-secret"], ["unknown", "cronofy-newer"]):
        assert await take(stories, await secret_of(stories), signature=sign(GRANTED, secrets)) is KEEPING
    assert outcomes(one) == {"forwarded": 3}


@pytest.mark.parametrize("signature", ["", "x", sign(GRANTED, ["wrong"]), sign(REFUSED, ["cronofy-secret"])])
async def test_a_wrong_signature_is_refused_and_nothing_goes_on(clock: FakeClock, signature: str) -> None:
    one = kit(clock)
    stories = callbacks(one, KNOWN)
    with pytest.raises(RequestRefused) as caught:
        await take(stories, await secret_of(stories), signature=signature)

    assert caught.value.code is Code.CALLBACK_SIGNATURE_REFUSED
    assert one.posts.posted == []
    assert outcomes(one) == {"bad_signature": 1}
    assert await stories.book.find_code("code-1") is None


async def test_the_clients_own_secret_signs_nothing_here(clock: FakeClock) -> None:
    """An app could else tell itself that somebody was authorized."""
    one = kit(clock)
    stories = callbacks(one, KNOWN)
    with pytest.raises(RequestRefused):
        await take(stories, await secret_of(stories), signature=sign(GRANTED, KEEPING.secrets))
    assert one.posts.posted == []


async def test_nobodys_callback_is_not_even_read(clock: FakeClock) -> None:
    one = kit(clock)
    stories = callbacks(one, KNOWN)
    secret = await secret_of(stories)

    async def read(limit: int) -> bytes:
        raise AssertionError(limit)

    gone = replace(stories, registry=registry(OTHER))
    for where, which in ((stories, "x" * 43), (stories, ""), (gone, secret)):
        with pytest.raises(RequestRefused) as caught:
            await where.take(which, read, sign(GRANTED, ["cronofy-secret"]), "application/json")
        assert caught.value.code is Code.CALLBACK_UNKNOWN
    assert outcomes(one) == {"unknown": 3}


async def test_signed_nonsense_goes_nowhere(clock: FakeClock) -> None:
    one = kit(clock)
    stories = callbacks(one, KNOWN)
    with pytest.raises(RequestRefused) as caught:
        await take(stories, await secret_of(stories), b"not JSON")
    assert (caught.value.code, one.posts.posted, outcomes(one)) == (Code.INVALID_JSON, [], {"unreadable": 1})


@pytest.mark.parametrize(
    ("answer", "code", "outcome"),
    [
        (Undelivered("timeout"), Code.CALLBACK_TIMEOUT, "timeout"),
        (Undelivered("unreachable"), Code.CALLBACK_UNDELIVERED, "unreachable"),
        (Undelivered("address_refused"), Code.CALLBACK_UNDELIVERED, "address_refused"),
        (500, Code.CALLBACK_UNDELIVERED, "refused_by_app"),
        (404, Code.CALLBACK_UNDELIVERED, "refused_by_app"),
        (302, Code.CALLBACK_UNDELIVERED, "refused_by_app"),
    ],
)
async def test_an_app_that_does_not_take_it_makes_cronofy_try_again(
    clock: FakeClock, answer: int | Undelivered, code: Code, outcome: str
) -> None:
    one = kit(clock)
    stories = callbacks(one, KNOWN)
    secret = await secret_of(stories)
    one.posts.answer = answer
    with pytest.raises(GatewayError) as caught:
        await take(stories, secret)
    assert (caught.value.code, outcomes(one)) == (code, {outcome: 1})

    one.posts.answer = 204
    await take(stories, secret)
    assert [posted[:2] for posted in one.posts.posted] == [(URL, GRANTED)] * 2
    assert await stories.recognise(KEEPING, "code-1", URL) == Delegate(
        f"https://gw.test/auth/callbacks/{secret}", "ser_1"
    )


async def test_a_code_that_cannot_be_remembered_is_not_passed_on(clock: FakeClock) -> None:
    """The app could not exchange it; Cronofy will deliver it again."""
    one = kit(clock)
    stories = callbacks(one, KNOWN)
    secret = await secret_of(stories)
    one.records.store = StoreAway(one.store, "put")
    with pytest.raises(StoreUnavailable):
        await take(stories, secret)
    assert one.posts.posted == []


async def test_a_code_is_good_for_its_client_and_redirect_uri_alone(clock: FakeClock) -> None:
    stories = callbacks(kit(clock), KNOWN)
    await take(stories, await secret_of(stories))
    for whose, uri in ((OTHER, URL), (PASSING, URL), (KEEPING, URL + "0"), (KEEPING, "https://a.test/cb")):
        with pytest.raises(RequestRefused) as caught:
            await stories.recognise(whose, "code-1", uri)
        assert caught.value.code is Code.INVALID_GRANT
    assert await stories.recognise(KEEPING, "another", URL) is None


async def test_an_url_that_is_a_redirect_uri_too_tells_of_no_parent(clock: FakeClock) -> None:
    """The code may be of a person who came by themselves."""
    stories = callbacks(kit(clock), KNOWN)
    uri = PASSING.redirect_uris[0]
    await stories.prepare({**ASKED, "callback_url": uri}, caller(PASSING))
    assert await stories.recognise(PASSING, "any", uri) == Delegate("", "")


async def test_the_exchange_goes_upstream_with_the_gateways_url_and_the_parent_is_remembered(clock: FakeClock) -> None:
    one = kit(clock)
    door = token_door(one, KNOWN)
    secret = await secret_of(door.callbacks)
    await take(door.callbacks, secret)
    fields = {"client_id": "a", "client_secret": "a-secret", "grant_type": "authorization_code"}
    asked = {**fields, "code": "code-1", "redirect_uri": URL}
    theirs = {**asked, "client_id": "b", "client_secret": "b-secret"}
    with pytest.raises(RequestRefused) as caught:
        await door.exchange(theirs, None)
    assert (caught.value.code, one.cronofy.asked) == (Code.INVALID_GRANT, [])

    one.cronofy.tokens.append(token_reply())
    assert (await door.exchange(asked, None)).status == 200
    ((_, sent),) = one.cronofy.asked
    assert sent["redirect_uri"] == f"https://gw.test/auth/callbacks/{secret}"
    assert await door.callbacks.delegations.parent_of(KEEPING, "acc_1") == "ser_1"
