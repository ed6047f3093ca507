"""What the store did not take is written as soon as it does, without anybody asking."""

import pytest

from gateway.flows import late_entries
from gateway.flows.late_entries import LateEntries
from gateway.flows.refresh_journal import REFRESH, Entry, RefreshJournal
from gateway.rules.errors import StoreUnavailable
from tests.clock import FakeClock
from tests.flows.fakes import StoreAway, kit
from tests.journeys.waiting import until

ENTRY = Entry("answered", 0, 200, b"secret", rotated=True)


async def test_it_is_written_when_the_store_is_back(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """The app may come back to another node, which would use the old refresh token again."""
    monkeypatch.setattr(late_entries, "_PAUSES", (0, 0))
    one = kit(clock)
    one.records.store = away = StoreAway(one.store, "put")
    late = LateEntries(RefreshJournal(one.records, clock, 1000))
    late.take("a", "account", ENTRY)
    late.take("b", "account", ENTRY)
    with pytest.raises(StoreUnavailable):
        await late.write("a")
    away.is_away = False
    await until(lambda: {(REFRESH, "a"), (REFRESH, "b")} <= one.store._records.keys())
    await until(lambda: late._writing is not None and late._writing.done())
    assert await late.write("a") is None


async def test_whoever_asks_first_is_given_it_and_the_end_writes_the_rest(clock: FakeClock) -> None:
    one = kit(clock)
    journal = RefreshJournal(one.records, clock, 1000)
    late = LateEntries(journal)
    assert await late.write("a") is None
    late.take("a", "account", ENTRY)
    late.take("b", "account", ENTRY)
    assert await late.write("a") == ENTRY
    await late.close()
    assert await journal.find("b") == ENTRY
