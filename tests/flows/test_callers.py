"""Whose call is it?"""

from typing import cast

import pytest

from gateway.flows.callers import Callers
from gateway.flows.registry import Registry
from gateway.flows.vault import Vault
from gateway.rules.client import Application
from gateway.rules.data_centres import HOSTS, DataCentre
from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused
from gateway.rules.operations import OPERATIONS, Operation
from gateway.rules.token_reply import read_token_reply
from tests.clock import FakeClock
from tests.flows.fakes import APPLICATION, client, kit, registry, token_reply

BY_NAME: dict[str, Operation] = {one.name: one for one in OPERATIONS}
A, B = client("a"), client("b")
NO_VAULT = cast("Vault", None)  # no session in these tests


def _bearer(token: str) -> list[tuple[str, str]]:
    return [("authorization", f"Bearer {token}")]


async def test_a_client_secret_becomes_the_applications_api_key(clock: FakeClock) -> None:
    caller = await Callers(registry(A, B), kit(clock).bindings, NO_VAULT).identify(
        _bearer("a-secret"), BY_NAME["availability"]
    )

    assert caller is not None
    assert (caller.client, caller.bearer, caller.is_person) == (A, "cronofy-secret", False)


async def test_a_bound_token_is_its_clients(clock: FakeClock) -> None:
    one = kit(clock)
    tokens = read_token_reply(token_reply().body)
    await one.bindings.remember(A, tokens, account="acc_1", scope="s")
    callers = Callers(registry(A, B), one.bindings, NO_VAULT)
    caller = await callers.identify(_bearer("access-1"), BY_NAME["calendars"])
    assert caller is not None
    assert (caller.client, caller.account, caller.bearer, caller.is_person) == (A, "acc_1", "access-1", True)

    await one.bindings.remember(B, tokens, account="acc_1", scope="s")
    shared = await callers.identify(_bearer("access-1"), BY_NAME["calendars"])
    assert shared is not None
    assert (shared.clients, shared.client) == ((A, B), None)


async def test_an_unseen_token_is_accepted_where_there_is_one_application(clock: FakeClock) -> None:
    bindings = kit(clock).bindings
    alone = await Callers(registry(A), bindings, NO_VAULT).identify(_bearer("unseen"), BY_NAME["calendars"])
    assert alone is not None
    assert (alone.application, alone.client, alone.account) == (APPLICATION, A, "")
    several = await Callers(registry(A, B), bindings, NO_VAULT).identify(_bearer("unseen"), BY_NAME["calendars"])
    assert several is not None
    assert several.clients == ()

    other = Application("other", "i", "s", HOSTS[DataCentre.CA])
    with pytest.raises(RequestRefused) as caught:
        await Callers(Registry([APPLICATION, other], [A]), bindings, NO_VAULT).identify(
            _bearer("unseen"), BY_NAME["calendars"]
        )
    assert caught.value.code == Code.CREDENTIALS_UNKNOWN
    assert caught.value.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("headers", [[], _bearer("None"), _bearer("undefined"), [("Authorization", "Basic YTpi")]])
async def test_without_a_usable_bearer_only_body_operations_go_on(
    clock: FakeClock, headers: list[tuple[str, str]]
) -> None:
    callers = Callers(registry(A), kit(clock).bindings, NO_VAULT)
    assert await callers.identify(headers, BY_NAME["create_application_calendar"]) is None

    with pytest.raises(RequestRefused) as caught:
        await callers.identify(headers, BY_NAME["calendars"])
    assert caught.value.code == Code.CREDENTIALS_MISSING


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        (_bearer("x") + _bearer("x"), Code.AUTHORIZATION_REPEATED),
        ([*_bearer("a-secret"), ("gateway-account", "acc_1")], Code.ACCOUNT_HEADER_REFUSED),
    ],
)
async def test_ambiguous_callers_are_refused(clock: FakeClock, headers: list[tuple[str, str]], code: Code) -> None:
    with pytest.raises(RequestRefused) as caught:
        await Callers(registry(A), kit(clock).bindings, NO_VAULT).identify(headers, BY_NAME["calendars"])
    assert caught.value.code == code


@pytest.mark.parametrize(("client_id", "secret"), [("a", "b-secret"), ("a", None), (None, None), (1, ["x"])])
def test_wrong_credentials_in_a_body_are_refused(clock: FakeClock, client_id: object, secret: object) -> None:
    with pytest.raises(RequestRefused):
        Callers(registry(A, B), kit(clock).bindings, NO_VAULT).by_body(client_id, secret)


async def test_a_token_of_a_disabled_client_is_nobodys(clock: FakeClock) -> None:
    """Cronofy would still take it: the gateway must not."""
    one, known = kit(clock), registry(A, B)
    await one.bindings.remember(A, read_token_reply(token_reply().body), account="acc_1", scope="s")
    known.replace([APPLICATION], [B], disabled=[A])
    callers = Callers(known, one.bindings, NO_VAULT)
    for token in ("access-1", "refresh-1"):
        with pytest.raises(RequestRefused) as caught:
            await callers.identify(_bearer(token), BY_NAME["calendars"])
        assert caught.value.code is Code.CREDENTIALS_UNKNOWN
    unseen = await callers.identify(_bearer("unseen"), BY_NAME["calendars"])

    assert unseen is not None
    assert unseen.clients == ()  # it could be A's as well, so B does not adopt it
    with pytest.raises(RequestRefused):  # not a token that nobody has seen: it would be sent to Cronofy
        await callers.identify(_bearer("a-secret"), BY_NAME["availability"])
    known.replace([APPLICATION], [], disabled=[A, B])
    with pytest.raises(RequestRefused):
        await callers.identify(_bearer("unseen"), BY_NAME["calendars"])
