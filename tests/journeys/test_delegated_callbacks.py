"""Delegated accounts over real sockets, in both custodies: a code comes back to the app that asked, and no other."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pycronofy
import pytest

from gateway.emulator.app import EmulatorSettings
from gateway.rules.callback_signatures import sign
from tests.journeys.hooks import (
    COLLECTION,
    IMPATIENT,
    SIGNATURE,
    Hook,
    ask,
    asking,
    callback_outcomes,
    clients,
    deliveries,
    exchange,
    open_hook,
    organisation,
    person,
)
from tests.journeys.waiting import until_told
from tests.journeys.world import ADDING, MODE, SECRETS, STRICT, World, open_world

CUSTODIES = ["client", "gateway"]
SIGNERS = EmulatorSettings().client_secrets
RAW = b'{"authorization":{"code":"forged-code"}}'


@pytest.fixture
async def keeping(tmp_path: Path) -> AsyncIterator[World]:
    """A world whose clients leave their tokens with the gateway."""
    async with open_world(tmp_path, emulated=IMPATIENT, clients=clients("gateway")) as world:
        yield world


async def own_url(world: World, hook: Hook) -> str:
    """Ask for somebody, and return the callback URL that Cronofy was given."""
    await ask(world, await organisation(world), asking(hook))
    await hook.next()

    async def is_delivered() -> bool:
        return bool(await deliveries(world))

    await until_told(is_delivered)
    return str((await deliveries(world))[-1]["url"])


async def post(world: World, url: str, raw: bytes, signature: str) -> tuple[int, str]:
    headers = {"Content-Type": "application/json", SIGNATURE: signature}
    async with world.session.post(url, data=raw, headers=headers) as reply:
        return reply.status, reply.headers.get("Gateway-Error", "")


@pytest.mark.parametrize("custody", CUSTODIES)
@pytest.mark.parametrize("mode", ["read_write", "free_busy", "no_access"])
async def test_a_person_is_let_in_with_the_administrators_mode(
    tmp_path: Path, hook: Hook, custody: str, mode: str
) -> None:
    async with open_world(tmp_path, clients=clients(custody)) as world:
        service = await organisation(world, mode=mode)
        assert (await ask(world, service, asking(hook)))[:2] == (202, b"")
        came = await hook.next()
        assert came.target == "/hook?account=7&kind=x%20y"
        assert came.authorization["state"] == "ada"

        status, tokens = await exchange(world, ADDING, came.authorization["code"], hook.url)
        assert status == 200
        assert tokens["sub"].startswith("acc_")
        assert tokens["linking_profile"]["profile_name"] == "ada@example.com"
        _, _, headers = await world.call("GET", "/v1/calendars", tokens["access_token"])
        assert headers[MODE] == mode
        assert await exchange(world, ADDING, came.authorization["code"], hook.url) != (200, tokens)


@pytest.mark.parametrize("custody", CUSTODIES)
async def test_each_of_a_list_comes_back_by_itself(tmp_path: Path, hook: Hook, custody: str) -> None:
    async with open_world(tmp_path, clients=clients(custody)) as world:
        service = await organisation(world)
        # The Python SDK puts a common state beside the list.
        body = {COLLECTION: [asking(hook, name, state="") for name in ("ada", "bob", "eve")], "state": "common"}
        assert (await ask(world, service, body))[0] == 202
        came = [await hook.next() for _ in range(3)]
        assert {one.authorization["state"] for one in came} == {"common"}

        people = [await exchange(world, ADDING, one.authorization["code"], hook.url) for one in came]
        assert {tokens["linking_profile"]["profile_name"] for _, tokens in people} == {
            f"{name}@example.com" for name in ("ada", "bob", "eve")
        }


@pytest.mark.parametrize("custody", CUSTODIES)
async def test_a_failure_is_told_in_the_same_way(tmp_path: Path, hook: Hook, custody: str) -> None:
    async with open_world(tmp_path, clients=clients(custody)) as world:
        service = await organisation(world)
        assert (await ask(world, service, asking(hook, scope="read_write free_busy_write")))[0] == 202
        told = (await hook.next()).authorization
        assert (told["error"], told["state"]) == ("unable_to_grant_scope", "ada")
        assert "code" not in told


async def test_a_person_who_delegates_does_so_by_business_connect(tmp_path: Path, hook: Hook) -> None:
    known = clients("gateway")
    known[ADDING]["business_connect"] = True
    async with open_world(tmp_path, clients=known) as world:
        boss = await world.sign_in("read_write", delegated_scope="free_busy_write")
        entry = asking(hook, profile_id=boss["linking_profile"]["profile_id"])
        for body in (entry, {"delegated_authorizations": [entry]}):
            status, _, _ = await world.call("POST", "/v1/delegated_authorizations", boss["access_token"], json=body)
            assert status == 202
            code = (await hook.next()).authorization["code"]
            assert (await exchange(world, ADDING, code, hook.url))[0] == 200


async def test_cronofy_is_given_an_url_that_nobody_can_guess(keeping: World, hook: Hook) -> None:
    url = await own_url(keeping, hook)
    assert url.startswith(f"{keeping.gateway}/auth/callbacks/")
    assert len(url.rpartition("/")[2]) == 43
    assert len(url) <= 128
    assert await own_url(keeping, hook) != url
    assert await callback_outcomes(keeping) == {"forwarded": 2}


async def test_the_app_verifies_it_with_either_of_its_own_secrets(keeping: World, hook: Hook) -> None:
    """The application's secret, with which Cronofy signs, is not the app's to know."""
    service = await organisation(keeping)
    await ask(keeping, service, asking(hook))
    came = await hook.next()

    for secret in (SECRETS[ADDING], f"{SECRETS[ADDING]}-newer"):
        sdk = pycronofy.Client(client_id=ADDING, client_secret=secret)
        assert sdk.hmac_valid(came.headers[SIGNATURE], came.raw.decode())
    for secret in (*SIGNERS, SECRETS[STRICT]):
        sdk = pycronofy.Client(client_id=ADDING, client_secret=secret)
        assert not sdk.hmac_valid(came.headers[SIGNATURE], came.raw.decode())
    assert came.headers["Content-Type"] == "application/json; charset=utf-8"


@pytest.mark.parametrize("status", [500, 302, 404])
async def test_an_app_that_is_down_gets_it_when_it_is_up(keeping: World, hook: Hook, status: int) -> None:
    """Cronofy goes on for a day, as it would without the gateway."""
    service = await organisation(keeping)
    hook.status = status
    await ask(keeping, service, asking(hook))
    first, second = await hook.next(), await hook.next()
    hook.status = 204

    async def is_taken() -> bool:
        return any(one["status"] == 200 for one in await deliveries(keeping))

    await until_told(is_taken)
    assert first.raw == second.raw
    assert {one["status"] for one in await deliveries(keeping)} == {502, 200}
    assert (await exchange(keeping, ADDING, first.authorization["code"], hook.url))[0] == 200
    assert (await callback_outcomes(keeping))["refused_by_app"] >= 2


async def test_what_cronofy_did_not_sign_goes_nowhere(keeping: World, hook: Hook) -> None:
    url = await own_url(keeping, hook)
    right = sign(RAW, SIGNERS)
    for raw, signature in (
        (RAW, ""),
        (RAW, "bm9uc2Vuc2U="),
        (RAW, sign(RAW, [SECRETS[ADDING], SECRETS[STRICT]])),
        (RAW + b" ", right),
    ):
        assert await post(keeping, url, raw, signature) == (403, "callback_signature_refused")
    for nobody in (url[:-1], url[:-1] + "*", url + "x", url[:-4] + "AAAA", url + "/x", url + "?x=1"):
        status, code = await post(keeping, nobody, RAW, right)
        assert status == (200 if nobody.endswith("?x=1") else 404)
        assert code in {"", "callback_unknown", "not_found"}
    assert (await hook.next()).raw == RAW  # the one that Cronofy signed, of all of them
    assert hook.arrived.empty()


async def test_either_secret_of_the_application_may_have_signed(
    tmp_path: Path, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While one is exchanged for the other, Cronofy may sign with the new one alone."""
    monkeypatch.setenv("GATEWAY__APPLICATIONS__MAIN__OTHER_CLIENT_SECRET", SIGNERS[1])
    async with open_world(tmp_path, clients=clients("gateway")) as world:
        url = await own_url(world, hook)
        for secret in SIGNERS:
            assert (await post(world, url, RAW, sign(RAW, [secret])))[0] == 200


@pytest.mark.parametrize(("custody", "other"), [("gateway", "gateway"), ("gateway", "client"), ("client", "client")])
async def test_two_clients_with_one_organisation_and_one_person_stay_apart(
    tmp_path: Path, hook: Hook, custody: str, other: str
) -> None:
    async with open_hook() as theirs, open_world(tmp_path, clients=clients(custody, other)) as world:
        codes = {}
        for client, where in ((ADDING, hook), (STRICT, theirs)):
            service = await organisation(world, client)
            await ask(world, service, asking(where))
            codes[client] = (await where.next()).authorization["code"]
            assert hook.arrived.empty()
            assert theirs.arrived.empty()

        for client, code, uri in ((STRICT, codes[ADDING], hook.url), (ADDING, codes[STRICT], theirs.url)):
            status, refused = await exchange(world, client, code, uri)
            assert (status, refused["error"]) == (400, "invalid_grant")
        mine = await exchange(world, ADDING, codes[ADDING], hook.url)
        yours = await exchange(world, STRICT, codes[STRICT], theirs.url)
        assert (mine[0], yours[0]) == (200, 200)
        assert mine[1]["sub"] == yours[1]["sub"]


async def test_a_code_is_good_at_its_own_url_alone(keeping: World, hook: Hook) -> None:
    """The gateway's own URL is not the app's to use, nor any other redirect URI."""
    url = await own_url(keeping, hook)
    service = await organisation(keeping)
    await ask(keeping, service, asking(hook))
    code = (await hook.next()).authorization["code"]
    for uri in (url, hook.url.partition("?")[0], hook.url + "&x", "http://127.0.0.1:9/callback"):
        status, refused = await exchange(keeping, ADDING, code, uri)
        assert (status, refused["error"]) == (400, "invalid_grant")
    assert (await exchange(keeping, ADDING, code, hook.url))[0] == 200


BAD_URLS: list[Any] = [
    "",
    "x",
    None,
    7,
    [],
    "ftp://a.test/",
    "https://user:pass@a.test/",
    "https://a.test/#f",
    "http://a.test/",
]


@pytest.mark.parametrize("custody", CUSTODIES)
async def test_a_bad_callback_url_is_named_and_nothing_is_sent(tmp_path: Path, hook: Hook, custody: str) -> None:
    async with open_world(tmp_path, clients=clients(custody)) as world:
        service = await organisation(world)
        await world.forget_seen()
        bad = BAD_URLS if custody == "gateway" else [*BAD_URLS[:6], "https://a.test/" + "x" * 128]
        body = {COLLECTION: [asking(hook), *(asking(hook, callback_url=url) for url in bad)]}
        status, raw, headers = await ask(world, service, body)
        assert (status, headers["Gateway-Error"]) == (422, "invalid_field")
        for index in range(len(bad) + 1):
            assert (f"{COLLECTION}[{index}].callback_url".encode() in raw) is (index > 0)
        assert await world.seen_upstream() == []


async def test_a_person_let_in_here_can_be_refreshed_and_left(keeping: World, hook: Hook) -> None:
    tokens = await person(keeping, await organisation(keeping), hook)
    status, fresh, _ = await keeping.token(ADDING, grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert status == 200
    status, _, headers = await keeping.call("GET", "/v1/calendars", fresh["access_token"])
    assert (status, headers[MODE]) == (200, "free_busy")
