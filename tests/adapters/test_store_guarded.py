"""The guard keeps an engine's contract, spares a store that is away, and lets everybody through when it is back."""

import pytest
import structlog

from gateway.adapters.store_guarded import FAILURES, PAUSES, GuardedStore
from gateway.adapters.store_memory import MemoryStore
from gateway.flows.ports import Record, VersionMoved
from gateway.observe.metrics import Metrics
from gateway.rules.errors import StoreUnavailable
from tests.adapters.store_contract import StoreContract
from tests.clock import FakeClock


class TestGuardedStore(StoreContract):
    @pytest.fixture
    def store(self, clock: FakeClock) -> GuardedStore:
        return GuardedStore(MemoryStore(clock), clock, Metrics())


class Flaky:
    """A store of which each call fails while `fails` is set; counts the calls that reached it."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store
        self.fails: set[str] = set()
        self.reached = 0

    def __getattr__(self, name: str) -> object:
        async def call(*args: object, **more: object) -> object:
            self.reached += 1
            if name in self.fails:
                raise StoreUnavailable("connection refused")
            return await getattr(self.store, name)(*args, **more)

        return call


@pytest.fixture
def flaky(clock: FakeClock) -> Flaky:
    return Flaky(MemoryStore(clock))


async def fail(store: GuardedStore, times: int) -> None:
    for _ in range(times):
        with pytest.raises(StoreUnavailable):
            await store.get("a", "b")


async def test_a_store_that_is_away_is_spared_and_one_call_tries_after_each_pause(
    flaky: Flaky, clock: FakeClock
) -> None:
    metrics = Metrics()
    store = GuardedStore(flaky, clock, metrics)  # type: ignore[arg-type]
    flaky.fails = {"get"}
    with structlog.testing.capture_logs() as lines:
        await fail(store, FAILURES + 20)
        assert flaky.reached == FAILURES
        clock.pass_time(PAUSES[0])
        await fail(store, 20)
        assert flaky.reached == FAILURES + 1
        for _ in range(10):
            clock.pass_time(PAUSES[1])
            await fail(store, 5)
        assert flaky.reached == FAILURES + 11
        assert "gateway_store_up 0.0" in metrics.render().decode()
        flaky.fails = set()
        clock.pass_time(PAUSES[1])
        for _ in range(3):
            assert await store.get("a", "b") is None

    assert "gateway_store_up 1.0" in metrics.render().decode()
    assert [line["event"] for line in lines] == ["store.lost", "store.recovered"]


async def test_readiness_is_always_asked_for_real_and_opens_the_way(flaky: Flaky, clock: FakeClock) -> None:
    store = GuardedStore(flaky, clock, Metrics())  # type: ignore[arg-type]
    flaky.fails = {"put", "ping"}
    for _ in range(FAILURES):
        with pytest.raises(StoreUnavailable):
            await store.put("a", "b", Record(b"", 0))
    reached = flaky.reached
    with pytest.raises(StoreUnavailable):
        await store.ping()
    assert flaky.reached == reached + 1
    flaky.fails = set()
    await store.ping()
    assert await store.put("a", "b", Record(b"", 0)) == 1


async def test_who_is_told_that_the_store_is_ready_can_read(flaky: Flaky, clock: FakeClock) -> None:
    """A node that said it was ready went on sparing its reads for a moment, and answered 503."""
    store = GuardedStore(flaky, clock, Metrics())  # type: ignore[arg-type]
    flaky.fails = {"get"}
    await fail(store, FAILURES)
    flaky.fails = set()
    await store.ping()
    assert await store.get("a", "b") is None


async def test_a_full_disk_still_reads(flaky: Flaky, clock: FakeClock) -> None:
    store = GuardedStore(flaky, clock, Metrics())  # type: ignore[arg-type]
    await store.put("a", "b", Record(b"x", 0))
    flaky.fails = {"put"}
    for _ in range(FAILURES + 1):
        with pytest.raises(StoreUnavailable):
            await store.put("a", "b", Record(b"y", 0))
    assert await store.get("a", "b") is not None


async def test_a_version_that_moved_is_no_failure(flaky: Flaky, clock: FakeClock) -> None:
    store = GuardedStore(flaky, clock, Metrics())  # type: ignore[arg-type]
    for _ in range(FAILURES + 1):
        with pytest.raises(VersionMoved):
            await store.put("a", "b", Record(b"y", 0), expected=7)
    assert await store.put("a", "b", Record(b"y", 0)) == 1


async def test_single_failures_spare_nothing(flaky: Flaky, clock: FakeClock) -> None:
    store = GuardedStore(flaky, clock, Metrics())  # type: ignore[arg-type]
    for _ in range(5):
        flaky.fails = {"get"}
        await fail(store, FAILURES - 1)
        flaky.fails = set()
        await store.get("a", "b")


async def test_a_moved_version_is_an_answer_too(flaky: Flaky, clock: FakeClock) -> None:
    """Two time-outs an hour apart are no outage when writes were answered in between, and one ends an outage."""
    store = GuardedStore(flaky, clock, Metrics())  # type: ignore[arg-type]

    async def put(error: type[Exception], *, fails: bool) -> None:
        flaky.fails = {"put"} if fails else set()
        with pytest.raises(error):
            await store.put("a", "b", Record(b"", 0), expected=7)

    for _ in range(FAILURES):
        await put(StoreUnavailable, fails=True)
        await put(VersionMoved, fails=False)
    for _ in range(FAILURES):
        await put(StoreUnavailable, fails=True)
    clock.pass_time(PAUSES[0])
    await put(VersionMoved, fails=False)
    await put(VersionMoved, fails=False)
