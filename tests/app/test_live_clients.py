"""Applications and clients follow the store and the settings, in place."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from gateway.app.live_clients import READ_EVERY, LiveClients
from gateway.app.registry import make_registry
from gateway.config_check import check_settings
from gateway.flows.ports import Entry, Record, RecordStore
from gateway.flows.registry import Registry
from gateway.flows.sealed_records import SealedRecords
from gateway.flows.stored_clients import CLIENT, SecretOrder, StoredClients
from gateway.rules.errors import RequestRefused, StoreUnavailable
from tests.clock import FakeClock
from tests.flows.fakes import Kit, StoreAway, kit
from tests.journeys.waiting import until
from tests.settings import good_settings

CHECKED = check_settings(good_settings())
SECRET = "app-secret-0123456789abcdef"


@pytest.fixture
def one(clock: FakeClock) -> Kit:
    return kit(clock)


@pytest.fixture
def stored(one: Kit) -> StoredClients:
    return StoredClients(one.records, one.clock)


@pytest.fixture
def registry() -> Registry:
    return make_registry(CHECKED)


def has(registry: Registry, name: str) -> bool:
    try:
        return registry.client(name).id == name
    except RequestRefused:
        return False


async def test_what_the_store_says_counts_before_the_first_call(stored: StoredClients, registry: Registry) -> None:
    """A client that was disabled stays so over a restart, from the first moment on."""
    await stored.add("new", {}, replace=False)
    await stored.disable("app", disabled=True)
    live = LiveClients(CHECKED, registry, stored)
    await live.begin()
    await live.end()

    assert registry.client("new").application == "main"
    assert registry.client_by_secret(SECRET) is None


async def test_a_change_is_followed_beside_everything_else(
    stored: StoredClients, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.app.live_clients.LOOK_EVERY", 0.01)
    live = LiveClients(CHECKED, registry, stored)
    await live.begin()
    issued = (await stored.renew_secrets("app", SecretOrder())).issued
    assert issued is not None
    await until(lambda: registry.client_by_secret(issued.secret) is not None)
    await stored.disable("app", disabled=True)
    await until(lambda: registry.client_by_secret(issued.secret) is None)
    await stored.disable("app", disabled=False)
    await until(lambda: registry.client_by_secret(SECRET) is not None)
    await live.end()


async def test_the_clients_are_read_only_when_they_have_changed(one: Kit, stored: StoredClients) -> None:
    """A node looks every second; it must not read through thousands of clients each time."""
    walks: list[str] = []
    watched = StoredClients(SealedRecords(_counting(one.store, walks.append), one.records.sealer), one.clock)
    live = LiveClients(CHECKED, make_registry(CHECKED), watched)
    for _ in range(3):
        await live.look()
    assert walks == []
    await stored.disable("app", disabled=True)
    for _ in range(3):
        await live.look()
    assert walks == [CLIENT]
    for _ in range(READ_EVERY):
        await live.look()
    assert walks == [CLIENT, CLIENT]


async def test_whoever_cannot_wait_for_the_next_look_is_told_at_once(one: Kit, stored: StoredClients) -> None:
    """An engine keeps the answer to its question, which may not rest on what was known a second ago."""
    walks: list[str] = []
    watched = StoredClients(SealedRecords(_counting(one.store, walks.append), one.records.sealer), one.clock)
    registry = make_registry(CHECKED)
    live = LiveClients(CHECKED, registry, watched)
    await live.look()
    await stored.disable("app", disabled=True)
    assert has(registry, "app")
    await live.follow_now()
    assert not has(registry, "app")
    for _ in range(2 * READ_EVERY):
        await live.follow_now()
    assert walks == [CLIENT]
    await LiveClients(CHECKED, registry, None).follow_now()  # nobody else writes this store


def _counting(store: RecordStore, met: Callable[[str], None]) -> RecordStore:
    class Counting:
        def __getattr__(self, name: str) -> Any:
            return getattr(store, name)

        async def walk(self, cursor: str, limit: int, *, kind: str | None = None) -> tuple[Sequence[Entry], str]:
            met(str(kind))
            return await store.walk(cursor, limit, kind=kind)

    return Counting()


async def test_a_change_that_nobody_told_of_is_found_within_a_minute(
    one: Kit, stored: StoredClients, registry: Registry
) -> None:
    """Whoever wrote the record may have ended before it could move the generation."""
    live = LiveClients(CHECKED, registry, stored)
    await live.look()
    generation = await stored.generation()
    await stored.disable("app", disabled=True)
    await one.store.put("client-generation", "all", Record(generation.encode(), 0))
    for _ in range(READ_EVERY):
        await live.look()
    assert not has(registry, "app")


async def test_while_the_store_is_away_what_was_known_counts(one: Kit, registry: Registry) -> None:
    away = StoreAway(one.store, "get", "walk")
    stored = StoredClients(SealedRecords(away, one.records.sealer), one.clock)
    live = LiveClients(CHECKED, registry, stored)
    with pytest.raises(StoreUnavailable):
        await live.begin()
    with pytest.raises(StoreUnavailable):
        await live.look()
    assert has(registry, "app")
    away.is_away = False
    await StoredClients(one.records, one.clock).disable("app", disabled=True)
    await live.look()
    assert not has(registry, "app")


async def test_other_settings_take_the_place_of_the_present_ones(stored: StoredClients, registry: Registry) -> None:
    await stored.disable("second", disabled=True)
    await stored.add("kept", {}, replace=False)
    live = LiveClients(CHECKED, registry, stored)
    await live.look()
    clients = {name: {"secrets": [f"{name}-secret-0123456789abcdef"]} for name in ("first", "second")}
    live.take_settings(check_settings(good_settings(clients=clients)))

    assert [name for name in ("app", "first", "second", "kept") if has(registry, name)] == ["first", "kept"]


async def test_what_is_ignored_is_told_once(stored: StoredClients, registry: Registry, tmp_path: Path) -> None:
    await stored.add("app", {"redirect_uris": ["https://other.example.com/"]}, replace=False)
    live = LiveClients(CHECKED, registry, stored)
    with capture_logs() as lines:
        await live.look()
        await stored.disable("other", disabled=False)
        await live.look()
        live.take_settings(CHECKED)
    told = [
        (line["client"], "counts" in line["problem"] or "count" in line["problem"])
        for line in lines
        if "client" in line
    ]
    assert told == [("app", True), ("other", False)]


async def test_in_memory_nobody_else_writes_clients(registry: Registry) -> None:
    live = LiveClients(CHECKED, registry, None)
    await live.begin()
    await live.look()
    await live.end()
    assert has(registry, "app")
