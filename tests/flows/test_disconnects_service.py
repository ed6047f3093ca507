"""Ending a service account, in every way that there is: what it let in ends with it, and nothing else."""

import pytest

from gateway.flows.callback_book import CALLBACK, CallbackBook
from gateway.flows.delegations import DELEGATED, DELEGATION
from gateway.flows.disconnects import Disconnects
from gateway.flows.stored_connection import Stored, connection_id
from gateway.rules.client import Client
from gateway.rules.token_reply import read_token_reply
from tests.clock import FakeClock
from tests.flows.fakes import (
    Kit,
    client,
    connected,
    delegations,
    erasure,
    kit,
    registry,
    revoke_door,
    token_reply,
    vault,
)

A, B = client("a"), client("b")
KNOWN = registry(A, B)


def disconnects(one: Kit) -> Disconnects:
    return Disconnects(one.connections, one.bindings, one.modes, vault(one, A, B), one.cronofy, delegations(one, KNOWN))


async def organisation(one: Kit, whose: Client, service: str = "ser_1", person: str = "acc_1") -> Stored:
    """Connect a service account, and a person through it; return the service account's connection."""
    parent = await connected(one, whose, sub=None, service_account_id=service, linking_profile=None, expires_in=1800)
    await connected(one, whose, sub=person)
    await delegations(one, KNOWN).settle(whose, person, service)
    return parent


async def state(one: Kit, whose: Client, account: str) -> str:
    stored = await one.connections.load(connection_id(whose, account))
    return f"{stored.connection.state} {stored.connection.lost_by}".strip() if stored else "gone"


def asked(one: Kit) -> list[str]:
    return [what.partition(" ")[0] for what, _ in one.cronofy.asked]


@pytest.mark.parametrize("keep", [True, False])
async def test_leaving_with_revoke_ends_the_people_of_the_organisation(clock: FakeClock, *, keep: bool) -> None:
    one = kit(clock)
    stored = await organisation(one, A)
    await connected(one, A, sub="acc_2")
    await disconnects(one).end(stored.id, "", keep=keep)

    assert asked(one) == ["revoke"]
    assert await state(one, A, "ser_1") == ("reconnect_required ended" if keep else "gone")
    assert await state(one, A, "acc_1") == "reconnect_required ended"
    assert await state(one, A, "acc_2") == "active"


async def test_another_clients_service_account_and_people_stay(clock: FakeClock) -> None:
    """The authorization at Cronofy is both's, and there is no profile that could be ended instead."""
    one = kit(clock)
    stored = await organisation(one, A)
    await organisation(one, B)
    await disconnects(one).end(stored.id, "", keep=False)

    assert asked(one) == []
    assert [await state(one, A, account) for account in ("ser_1", "acc_1")] == ["gone", "reconnect_required ended"]
    assert [await state(one, B, account) for account in ("ser_1", "acc_1")] == ["active", "active"]


async def test_erasing_it_ends_every_clients_people_and_forgets_who_let_whom_in(clock: FakeClock) -> None:
    one = kit(clock)
    for whose in (A, B):
        await organisation(one, whose)
        await CallbackBook(one.records, clock).make(whose, "https://a.test/hook", parent="ser_1", scope="s")
    await erasure(one, KNOWN).erase("ser_1", None, keep_at_cronofy=False)

    for whose in (A, B):
        assert await state(one, whose, "ser_1") == "gone"
        assert await state(one, whose, "acc_1") == "reconnect_required ended"
    assert [await one.store.list_ids(kind) for kind in (DELEGATION, DELEGATED, CALLBACK)] == [[], [], []]


async def test_erasing_one_clients_part_of_it_ends_that_clients_people(clock: FakeClock) -> None:
    one = kit(clock)
    await organisation(one, A)
    await organisation(one, B)
    await erasure(one, KNOWN).erase("ser_1", A, keep_at_cronofy=False)

    assert asked(one) == []
    assert [await state(one, A, account) for account in ("ser_1", "acc_1")] == ["gone", "reconnect_required ended"]
    assert [await state(one, B, account) for account in ("ser_1", "acc_1")] == ["active", "active"]


async def test_erasing_it_here_only_ends_nobody(clock: FakeClock) -> None:
    """At Cronofy it goes on, and so do its people."""
    one = kit(clock)
    await organisation(one, A)
    await erasure(one, KNOWN).erase("ser_1", A, keep_at_cronofy=True)
    assert [await state(one, A, account) for account in ("ser_1", "acc_1")] == ["gone", "active"]
    assert await one.store.list_ids(DELEGATION) == []


async def test_erasing_a_person_leaves_the_organisation(clock: FakeClock) -> None:
    one = kit(clock)
    await organisation(one, A)
    await erasure(one, KNOWN).erase("acc_1", None, keep_at_cronofy=True)
    assert [await state(one, A, account) for account in ("ser_1", "acc_1")] == ["active", "gone"]
    assert [await one.store.list_ids(kind) for kind in (DELEGATION, DELEGATED)] == [[], []]


@pytest.mark.parametrize("named", [{"token": "refresh-1"}, {"token": "access-1"}, {"sub": "ser_1"}])
async def test_revoking_it_in_the_drop_in_door_ends_its_people(clock: FakeClock, named: dict[str, str]) -> None:
    one = kit(clock)
    for whose in (A, B):
        await organisation(one, whose)
        await one.bindings.remember(
            whose, read_token_reply(token_reply("access-c", "refresh-c").body), account="acc_1", scope="s"
        )
    service = read_token_reply(token_reply(sub=None, service_account_id="ser_1", linking_profile=None).body)
    await one.bindings.remember(A, service, account="ser_1", scope="s")
    fields = {"client_id": "a", "client_secret": "a-secret", **named}
    assert (await revoke_door(one, KNOWN).revoke(fields, None)).status == 200

    for whose in (A, B):
        assert await state(one, whose, "acc_1") == "reconnect_required ended"
        assert not await one.bindings.has_account(whose, "acc_1")


async def test_a_service_account_has_no_mode_and_none_is_looked_up(clock: FakeClock) -> None:
    """Userinfo of it names no profiles, so the call would be for nothing."""
    one = kit(clock)
    application = KNOWN.application_of(A)
    known = await one.modes.known(application, "ser_1")
    assert known
    assert known.profiles == ()
    assert not one.modes.needs_look_up(known)
    assert await one.modes.known(application, "acc_1") is None
