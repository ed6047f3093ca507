"""Whose call is it?"""

from dataclasses import replace
from typing import cast

import pytest

from gateway.flows.callers import Callers
from gateway.flows.registry import Registry
from gateway.flows.stored_connection import connection_id
from gateway.flows.vault import Vault
from gateway.rules.client import Application, Custody
from gateway.rules.data_centres import HOSTS, DataCentre
from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused
from gateway.rules.handles import Kind
from gateway.rules.operation_table import extra_operation
from gateway.rules.operations import OPERATIONS, Operation
from gateway.rules.token_reply import read_token_reply
from tests.clock import FakeClock
from tests.flows.fakes import APPLICATION, Kit, client, connected, kit, refreshes, registry, token_reply, vault

BY_NAME: dict[str, Operation] = {one.name: one for one in OPERATIONS}
A, B = client("a"), client("b")
NO_VAULT = cast("Vault", None)  # no session in these tests


def identifying(one: Kit, known: Registry) -> Callers:
    return Callers(known, one.bindings, NO_VAULT, one.handles)


def _bearer(token: str) -> list[tuple[str, str]]:
    return [("authorization", f"Bearer {token}")]


async def test_a_client_secret_becomes_the_applications_api_key(clock: FakeClock) -> None:
    caller = await identifying(kit(clock), registry(A, B)).identify(_bearer("a-secret"), BY_NAME["availability"])

    assert caller is not None
    assert (caller.client, caller.bearer, caller.is_person) == (A, "cronofy-secret", False)


async def test_a_bound_token_is_its_clients(clock: FakeClock) -> None:
    one = kit(clock)
    tokens = read_token_reply(token_reply().body)
    await one.bindings.remember(A, tokens, account="acc_1", scope="s")
    callers = identifying(one, registry(A, B))
    caller = await callers.identify(_bearer("access-1"), BY_NAME["calendars"])
    assert caller is not None
    assert (caller.client, caller.account, caller.bearer, caller.is_person) == (A, "acc_1", "access-1", True)

    await one.bindings.remember(B, tokens, account="acc_1", scope="s")
    shared = await callers.identify(_bearer("access-1"), BY_NAME["calendars"])
    assert shared is not None
    assert (shared.clients, shared.client) == ((A, B), None)


async def test_an_unseen_token_is_accepted_where_there_is_one_application(clock: FakeClock) -> None:
    one = kit(clock)
    alone = await identifying(one, registry(A)).identify(_bearer("unseen"), BY_NAME["calendars"])
    assert alone is not None
    assert (alone.application, alone.client, alone.account) == (APPLICATION, A, "")
    several = await identifying(one, registry(A, B)).identify(_bearer("unseen"), BY_NAME["calendars"])
    assert several is not None
    assert several.clients == ()

    other = Application("other", "i", "s", HOSTS[DataCentre.CA])
    with pytest.raises(RequestRefused) as caught:
        await identifying(one, Registry([APPLICATION, other], [A])).identify(_bearer("unseen"), BY_NAME["calendars"])
    assert caught.value.code == Code.CREDENTIALS_UNKNOWN
    assert caught.value.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("headers", [[], _bearer("None"), _bearer("undefined"), [("Authorization", "Basic YTpi")]])
async def test_without_a_usable_bearer_only_body_operations_go_on(
    clock: FakeClock, headers: list[tuple[str, str]]
) -> None:
    callers = identifying(kit(clock), registry(A))
    assert await callers.identify(headers, BY_NAME["create_application_calendar"]) is None

    with pytest.raises(RequestRefused) as caught:
        await callers.identify(headers, BY_NAME["calendars"])
    assert caught.value.code == Code.CREDENTIALS_MISSING


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        (_bearer("x") + _bearer("x"), Code.AUTHORIZATION_REPEATED),
        ([*_bearer("a-token"), ("gateway-account", "acc_1")], Code.ACCOUNT_HEADER_REFUSED),
        ([("gateway-account", "acc_1")], Code.ACCOUNT_HEADER_REFUSED),
        ([*_bearer("a-secret"), ("gateway-account", "acc_1")], Code.SERVICE_DOOR_CLOSED),
    ],
)
async def test_ambiguous_callers_are_refused(clock: FakeClock, headers: list[tuple[str, str]], code: Code) -> None:
    with pytest.raises(RequestRefused) as caught:
        await identifying(kit(clock), registry(A)).identify(headers, BY_NAME["calendars"])
    assert caught.value.code == code


@pytest.mark.parametrize(("client_id", "secret"), [("a", "b-secret"), ("a", None), (None, None), (1, ["x"])])
def test_wrong_credentials_in_a_body_are_refused(clock: FakeClock, client_id: object, secret: object) -> None:
    with pytest.raises(RequestRefused):
        identifying(kit(clock), registry(A, B)).by_body(client_id, secret)


KEEPER = client("k", custody=Custody.GATEWAY)


async def handed(one: Kit, kind: Kind = "access", *, lives: float = 3_600) -> str:
    """Return a handle of the keeper's stored connection."""
    stored = await connected(one, KEEPER)
    return await one.handles.issue(kind, KEEPER, "acc_1", stored.id, lives=lives, life=stored.connection.life)


async def refused(one: Kit, known: Registry, token: str, operation: str = "calendars") -> RequestRefused:
    with pytest.raises(RequestRefused) as caught:
        await Callers(known, one.bindings, vault(one, KEEPER), one.handles).identify(_bearer(token), BY_NAME[operation])
    return caught.value


async def test_behind_a_handle_stands_its_connection(clock: FakeClock) -> None:
    """From then on the call goes like one by session."""
    one = kit(clock)
    token = await handed(one)
    callers = Callers(registry(A, KEEPER), one.bindings, vault(one, A, KEEPER), one.handles)
    caller = await callers.identify(_bearer(token), BY_NAME["calendars"])

    assert caller is not None
    assert (caller.client, caller.account, caller.bearer, caller.is_person) == (KEEPER, "acc_1", "access-1", True)
    assert (caller.connection, caller.version) == (connection_id(KEEPER, "acc_1"), 1)


async def test_a_handle_that_is_not_good_is_refused_where_unseen_tokens_are_let_in(clock: FakeClock) -> None:
    """An app that is told 401 gets another handle; Cronofy never sees one."""
    one = kit(clock)
    token = await handed(one, lives=60)
    known = registry(A, KEEPER)
    errors = [
        await refused(one, known, "cga_" + "x" * 43),
        await refused(one, known, "cga_" + "x" * 5_000),
        await refused(one, known, await handed(one, "refresh")),
        await refused(one, registry(A), token),
        await refused(one, registry(A, client("k", application="other")), token),
    ]
    clock.pass_time(60)
    errors.append(await refused(one, known, token))

    assert {error.code for error in errors} == {Code.CREDENTIALS_UNKNOWN}
    assert len({error.public for error in errors}) == 1
    assert one.cronofy.asked == []


async def test_a_handle_whose_connection_is_gone_says_so(clock: FakeClock) -> None:
    one = kit(clock)
    token = await handed(one)
    await one.connections.forget(connection_id(KEEPER, "acc_1"))
    assert (await refused(one, registry(A, KEEPER), token)).code == Code.RECONNECT_REQUIRED


async def test_a_handle_for_what_takes_the_api_key_is_refused_here(clock: FakeClock) -> None:
    """Cronofy would answer 401, which must not be taken for a dead connection."""
    one = kit(clock)
    error = await refused(one, registry(KEEPER), await handed(one), "create_element_token")
    assert error.code == Code.OPERATION_REFUSED


async def test_beside_credentials_in_the_body_a_handle_is_noise(clock: FakeClock) -> None:
    """SDKs send the access token that they happen to have, an old one too."""
    one = kit(clock)
    for token in (await handed(one), "cga_expired"):
        caller = await identifying(one, registry(KEEPER)).identify(
            _bearer(token), BY_NAME["create_application_calendar"]
        )
        assert caller is None


async def test_unseen_tokens_are_let_in_only_for_clients_that_keep_theirs(clock: FakeClock) -> None:
    """Of a client whose tokens the gateway keeps, no token can be about."""
    one = kit(clock)
    assert (await refused(one, registry(KEEPER), "unseen")).code == Code.CREDENTIALS_UNKNOWN
    mixed = await identifying(one, registry(A, KEEPER)).identify(_bearer("unseen"), BY_NAME["calendars"])
    assert mixed is not None
    assert mixed.clients == (A,)


OPERATION = BY_NAME["create_bookable_event"]


async def test_a_bearer_token_beside_the_same_credential_is_no_second_one(clock: FakeClock) -> None:
    """The Node SDK sends the secret in both places; while the application's secret changes it is still one caller."""
    one = kit(clock)
    callers = identifying(one, registry(A, B))
    shown = await callers.identify(_bearer("a-secret"), OPERATION, offered="a-secret")
    assert shown is not None
    assert (shown.client, shown.bearer, shown.key) == (A, "cronofy-secret", "cronofy-secret")
    earlier = replace(shown, bearer="other-secret", key="other-secret")
    assert (await callers.by_offered("a-secret", OPERATION, earlier)) == shown

    with pytest.raises(RequestRefused) as caught:
        await callers.identify(_bearer("a-secret"), OPERATION, offered="b-secret")
    assert caught.value.code == Code.CREDENTIALS_DIFFER
    assert (await callers.identify(_bearer("undefined"), OPERATION)) is None
    assert callers.missing(OPERATION).code == Code.CREDENTIALS_MISSING


@pytest.mark.parametrize("name", ["create_application_calendar", "add_to_calendar"])
@pytest.mark.parametrize("token", ["a-secret", "unseen"])
async def test_where_the_body_tells_a_bearer_is_noise(clock: FakeClock, name: str, token: str) -> None:
    """SDKs send along what they hold; on several applications an old token is nobody's."""
    other = Application("other", "i", "s", HOSTS[DataCentre.CA])
    callers = identifying(kit(clock), Registry([APPLICATION, other], [A]))
    assert await callers.identify(_bearer(token), BY_NAME[name]) is None


async def test_an_extra_operation_takes_a_secret_as_the_api_key(clock: FakeClock) -> None:
    extra = extra_operation("GET /v1/new_things")
    caller = await identifying(kit(clock), registry(A)).identify(_bearer("a-secret"), extra)
    assert caller is not None
    assert (caller.key, caller.may_be_sent_twice) == ("cronofy-secret", False)
    two = replace(caller, application=replace(APPLICATION, other_client_secret="x"))
    assert two.may_be_sent_twice
    assert "cronofy-secret" not in repr(caller.application)


@pytest.mark.parametrize("name", ["create_application", "calendars"])
async def test_a_secret_is_not_sent_where_cronofy_would_not_take_it(clock: FakeClock, name: str) -> None:
    with pytest.raises(RequestRefused) as caught:
        await identifying(kit(clock), registry(A)).identify(_bearer("a-secret"), BY_NAME[name])
    wanted = Code.OPERATION_REFUSED if name == "create_application" else Code.ACCOUNT_REQUIRED
    assert caught.value.code == wanted


async def test_a_token_of_a_disabled_client_is_nobodys(clock: FakeClock) -> None:
    """Cronofy would still take it: the gateway must not."""
    one, known = kit(clock), registry(A, B)
    await one.bindings.remember(A, read_token_reply(token_reply().body), account="acc_1", scope="s")
    known.replace([APPLICATION], [B], disabled=[A])
    callers = identifying(one, known)
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


async def test_a_session_of_a_client_that_moved_to_another_application_must_connect_again(clock: FakeClock) -> None:
    """As its handles and tokens are dead: at the old application it would not be judged among that one's clients."""
    one = kit(clock)
    stored = await connected(one, A)
    other = Application("other", "i", "s", HOSTS[DataCentre.CA])
    moved = Registry([APPLICATION, other], [replace(A, application="other"), B])
    keeper = Vault(one.connections, moved, refreshes(one), one.clock, one.metrics)
    with pytest.raises(RequestRefused) as caught:
        await Callers(moved, one.bindings, keeper, one.handles).identify([], BY_NAME["calendars"], stored.id)
    assert caught.value.code is Code.RECONNECT_REQUIRED
    stayed = Callers(registry(A, B), one.bindings, vault(one, A), one.handles)
    caller = await stayed.identify([], BY_NAME["calendars"], stored.id)
    assert caller is not None
    assert (caller.client, caller.account) == (A, "acc_1")
