"""The service door: a client's secret and a `sub` open that client's stored connection, and nothing else."""

import asyncio

import pytest

from gateway.flows.callers import Callers
from gateway.flows.service_door import connection_unknown, enter_for_operation, require_door
from gateway.flows.stored_connection import connection_id
from gateway.rules.error_codes import MEANINGS, Code
from gateway.rules.errors import RequestRefused
from gateway.rules.operations import OPERATIONS
from tests.clock import FakeClock
from tests.flows.fakes import Kit, client, connected, kit, registry, token_reply, vault

BY_NAME = {one.name: one for one in OPERATIONS}
A, B, CLOSED = client("a", service_door=True), client("b", service_door=True), client("c")


def headers(secret: str = "a-secret", account: str = "acc_1") -> list[tuple[str, str]]:
    return [("authorization", f"Bearer {secret}"), ("gateway-account", account)]


def callers(one: Kit) -> Callers:
    return Callers(registry(A, B, CLOSED), one.bindings, vault(one, A, B, CLOSED), one.handles)


@pytest.mark.parametrize("operation", ["calendars", "userinfo", "resources", "batch", "availability"])
async def test_the_stored_connections_token_goes_up(clock: FakeClock, operation: str) -> None:
    """Availability takes either: with an account named, it is the account's own call."""
    one = kit(clock)
    stored = await connected(one, A)
    caller = await callers(one).identify(headers(), BY_NAME[operation])

    assert caller is not None
    assert (caller.client, caller.account, caller.bearer, caller.is_person) == (A, "acc_1", "access-1", True)
    assert (caller.connection, caller.version, caller.key) == (stored.id, stored.version, "")


@pytest.mark.parametrize(
    ("secret", "account", "operation", "code"),
    [
        ("a-secret", "acc_2", "calendars", Code.CONNECTION_UNKNOWN),
        ("b-secret", "acc_1", "calendars", Code.CONNECTION_UNKNOWN),
        ("c-secret", "acc_1", "calendars", Code.SERVICE_DOOR_CLOSED),
        ("nobody", "acc_1", "calendars", Code.ACCOUNT_HEADER_REFUSED),
        ("access-1", "acc_1", "calendars", Code.ACCOUNT_HEADER_REFUSED),
        ("None", "acc_1", "calendars", Code.ACCOUNT_HEADER_REFUSED),
        ("a-secret", "pro_1", "calendars", Code.ACCOUNT_HEADER_REFUSED),
        ("a-secret", "acc_1", "smart_invite", Code.ACCOUNT_HEADER_REFUSED),
        ("a-secret", "acc_1", "add_to_calendar", Code.ACCOUNT_HEADER_REFUSED),
    ],
)
async def test_who_does_not_get_in(clock: FakeClock, secret: str, account: str, operation: str, code: Code) -> None:
    one = kit(clock)
    await connected(one, A)
    with pytest.raises(RequestRefused) as caught:
        await callers(one).identify(headers(secret, account), BY_NAME[operation])
    assert caught.value.code is code


async def test_anothers_account_and_nobodys_are_answered_alike(clock: FakeClock) -> None:
    one, told = kit(clock), []
    await connected(one, A)
    for account in ("acc_1", "acc_never"):
        with pytest.raises(RequestRefused) as caught:
            await callers(one).identify(headers("b-secret", account), BY_NAME["calendars"])
        told.append((caught.value.code, caught.value.public, caught.value.headers, caught.value.members))
    assert told[0] == told[1]
    # 403 would make an app throw its tokens away, 401 would make it ask again and again.
    assert MEANINGS[told[0][0]].status == 404


async def test_a_lost_connection_is_told_from_one_that_never_was(clock: FakeClock) -> None:
    one = kit(clock)
    await one.connections.require_reconnect(await connected(one, A), lost_by="refused")
    with pytest.raises(RequestRefused) as caught:
        await callers(one).identify(headers(), BY_NAME["calendars"])
    assert caught.value.code is Code.RECONNECT_REQUIRED


async def test_any_number_of_calls_on_an_expired_token_are_one_refresh(clock: FakeClock) -> None:
    one = kit(clock)
    await connected(one, A)
    clock.pass_time(4_000)
    one.cronofy.tokens.append(token_reply("access-2"))
    through, operation = vault(one, A), BY_NAME["calendars"]
    found = await asyncio.gather(*(enter_for_operation(through, A, operation, "acc_1") for _ in range(100)))

    assert {one.bearer for one in found} == {"access-2"}
    assert {one.stored.id for one in found} == {connection_id(A, "acc_1")}
    assert one.cronofy.count("token") == 1


@pytest.mark.parametrize("name", ["calendars", "userinfo", "resources", "upsert_event"])
async def test_a_secret_without_an_account_is_told_what_to_send(clock: FakeClock, name: str) -> None:
    """Cronofy would answer 401 to the application's secret, and an app would take its own for the wrong one."""
    with pytest.raises(RequestRefused) as caught:
        await callers(kit(clock)).identify(headers()[:1], BY_NAME[name])
    assert caught.value.code is Code.ACCOUNT_REQUIRED
    assert "Gateway-Account" in caught.value.public


def test_the_door_is_open_to_those_whose_settings_say_so() -> None:
    assert require_door(A) is A
    assert connection_unknown().code is Code.CONNECTION_UNKNOWN
