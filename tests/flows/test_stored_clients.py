"""What the store holds of clients: sealed, without an end, and told by a generation that moves."""

import asyncio

import pytest

from gateway.adapters.key_ring import generate_key, parse_key_ring
from gateway.adapters.sealing import AesGcmSealer
from gateway.flows.issued_secrets import ClientRefused
from gateway.flows.ports import Record
from gateway.flows.resealing import Resealing
from gateway.flows.sealed_records import SealedRecords
from gateway.flows.stored_clients import CLIENT, GENERATION, UNREADABLE, SecretOrder, StoredClient, StoredClients
from tests.clock import FakeClock
from tests.flows.fakes import Kit, kit

YEARS = 10 * 366 * 86_400.0
SETTINGS = {"redirect_uris": ["https://canary.example.com/cb"]}


@pytest.fixture
def one(clock: FakeClock) -> Kit:
    return kit(clock)


@pytest.fixture
def stored(one: Kit) -> StoredClients:
    return StoredClients(one.records, one.clock)


async def test_a_client_is_kept_without_an_end(one: Kit, stored: StoredClients, clock: FakeClock) -> None:
    began = clock.now()
    await stored.add("app", SETTINGS, replace=False)
    clock.pass_time(YEARS)
    await one.store.delete_expired()

    assert await stored.every() == {"app": StoredClient(SETTINGS, created_at=began)}
    assert await stored.generation()


async def test_settings_and_secrets_rest_sealed(one: Kit, stored: StoredClients) -> None:
    await stored.add("app", SETTINGS, replace=False)
    issued = (await stored.renew_secrets("app", SecretOrder())).issued
    assert issued is not None
    entries, _ = await one.store.walk("", 100)
    raw = b"".join(entry.record.value for entry in entries)

    assert b"canary" not in raw
    assert issued.secret.encode() not in raw
    assert (await stored.every())["app"].secrets == (issued,)


async def test_every_change_moves_the_generation(stored: StoredClients) -> None:
    """Nodes read the clients only when it has moved; one that repeats itself would hide a change."""
    seen = [await stored.generation()]
    await stored.add("app", SETTINGS, replace=False)
    seen.append(await stored.generation())
    await stored.disable("app", disabled=True)
    seen.append(await stored.generation())
    await stored.renew_secrets("app", SecretOrder())
    seen.append(await stored.generation())

    assert seen[0] == ""
    assert len(set(seen)) == 4


@pytest.mark.parametrize("damaged", [b"\xff\xfe", b"", b"x" * 1_000])
async def test_a_damaged_generation_is_only_another_one(one: Kit, stored: StoredClients, damaged: bytes) -> None:
    """Nobody would hear of a disabled client if looking failed for good."""
    await stored.add("app", SETTINGS, replace=False)
    before = await stored.generation()
    await one.store.put(GENERATION, "all", Record(damaged, 0))
    assert await stored.generation() != before
    await one.store.delete(GENERATION, "all")
    assert await stored.generation() == ""


async def test_a_client_is_added_once_and_replaced_only_on_demand(stored: StoredClients) -> None:
    with pytest.raises(ClientRefused, match="could be replaced"):
        await stored.add("app", {}, replace=True)
    await stored.add("app", SETTINGS, replace=False)
    secret = (await stored.renew_secrets("app", SecretOrder())).issued
    await stored.disable("app", disabled=True)
    with pytest.raises(ClientRefused, match="stored already"):
        await stored.add("app", {}, replace=False)
    await stored.add("app", {"home": "https://a.example.com/"}, replace=True)

    found = (await stored.every())["app"]
    assert (found.settings, found.disabled, found.secrets) == ({"home": "https://a.example.com/"}, True, (secret,))


async def test_a_configured_client_can_be_disabled_and_given_secrets_without_settings(stored: StoredClients) -> None:
    assert await stored.disable("app", disabled=True) is True
    assert await stored.disable("app", disabled=True) is False
    assert await stored.disable("app", disabled=False) is True
    await stored.renew_secrets("app", SecretOrder())

    found = (await stored.every())["app"]
    assert (found.settings, found.disabled, len(found.secrets)) == (None, False, 1)
    await stored.add("app", SETTINGS, replace=False)  # it moves from the configuration into the store
    assert len((await stored.every())["app"].secrets) == 1


async def test_two_secrets_are_active_and_the_older_one_makes_room(stored: StoredClients, clock: FakeClock) -> None:
    names = []
    for _ in range(2):
        issued = (await stored.renew_secrets("app", SecretOrder())).issued
        assert issued is not None
        names.append(issued.name)
        clock.pass_time(1)
    with pytest.raises(ClientRefused, match="Two issued secrets"):
        await stored.renew_secrets("app", SecretOrder())
    assert len((await stored.every())["app"].secrets) == 2
    third = await stored.renew_secrets("app", SecretOrder(revoke_older=True))
    assert third.issued is not None
    assert (third.revoked, third.active) == ((names[0],), (names[1], third.issued.name))
    only = await stored.renew_secrets("app", SecretOrder(revoke=[names[1]], issue=False))

    assert (only.issued, only.revoked, only.active) == (None, (names[1],), (third.issued.name,))
    with pytest.raises(ClientRefused, match="Nothing was revoked"):
        await stored.renew_secrets("app", SecretOrder(revoke_older=True, issue=False))


async def test_of_many_at_once_two_get_a_secret(stored: StoredClients) -> None:
    results = await asyncio.gather(
        *(stored.renew_secrets("app", SecretOrder()) for _ in range(5)), return_exceptions=True
    )

    assert sum(isinstance(one, ClientRefused) for one in results) == 3
    assert len((await stored.every())["app"].secrets) == 2


async def test_a_record_that_no_key_opens_counts_as_disabled(one: Kit, stored: StoredClients) -> None:
    """It may have said so; and the other clients are read all the same."""
    await stored.add("other", SETTINGS, replace=False)
    await one.store.put(CLIENT, "app", Record(b"damaged", 0, "app"))

    found = await stored.every()
    assert found["app"] is UNREADABLE
    assert found["other"].settings == SETTINGS
    await stored.disable("app", disabled=False)
    assert (await stored.every())["app"] == StoredClient()


async def test_clients_are_sealed_anew_with_all_other_records(one: Kit, clock: FakeClock) -> None:
    old = parse_key_ring(generate_key())
    await StoredClients(SealedRecords(one.store, AesGcmSealer(old)), clock).add("app", SETTINGS, replace=False)
    (new,) = parse_key_ring(generate_key())
    both = StoredClients(SealedRecords(one.store, AesGcmSealer((new, *old))), clock)
    generation = await both.generation()
    came_to = await Resealing(one.store, both.records.sealer, clock).run(new.id.hex(), lambda _: None)

    assert (came_to.done, came_to.broken) == (1, {})
    alone = StoredClients(SealedRecords(one.store, AesGcmSealer((new,))), clock)
    assert (await alone.every())["app"].settings == SETTINGS
    assert await alone.generation() == generation
