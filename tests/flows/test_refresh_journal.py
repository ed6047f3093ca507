"""The journal keeps what somebody may still need, and shows no token."""

import pytest

from gateway.flows.ports import LeaseLost
from gateway.flows.refresh_journal import REFRESH, Entry, RefreshJournal, refresh_name
from tests.clock import FakeClock
from tests.flows.fakes import APPLICATION, StoreAway, kit

KEPT = 10_000.0


@pytest.mark.parametrize(
    ("entry", "kept"),
    [
        (Entry("asked", 0), True),
        (Entry("answered", 0, 200, b"secret", rotated=True), True),
        (Entry("failed", 0, unclear=True), True),
        (Entry("answered", 0, 200, b"secret"), False),
        (Entry("failed", 0), False),
    ],
)
async def test_what_leads_on_or_tells_of_a_crash_is_kept(clock: FakeClock, entry: Entry, *, kept: bool) -> None:
    one = kit(clock)
    journal = RefreshJournal(one.records, clock, KEPT)
    await journal.write("a", "account", entry)
    assert await journal.find("a") == entry
    clock.pass_time(61)
    assert (await journal.find("a") is not None) is kept
    clock.pass_time(KEPT)
    assert await journal.find("a") is None


async def test_only_a_replaced_token_leads_on_and_only_while_the_store_can_tell(clock: FakeClock) -> None:
    one = kit(clock)
    journal, leading = RefreshJournal(one.records, clock, KEPT), Entry("answered", 0, 200, b"secret", rotated=True)
    assert await journal.find_way_on("a") is None
    for entry, way_on in ((Entry("asked", 0), None), (leading, leading)):
        await journal.write("a", "account", entry)
        assert await journal.find_way_on("a") == way_on
    one.records.store = StoreAway(one.store)
    assert await journal.find_way_on("a") is None


async def test_an_entry_rests_sealed_and_shows_nothing(clock: FakeClock) -> None:
    one = kit(clock)
    entry = Entry("answered", 0, 200, b"canary-token", rotated=True)
    await RefreshJournal(one.records, clock, KEPT).write("a", "account", entry)
    record = await one.store.get(REFRESH, "a")

    assert record is not None
    assert b"canary" not in record.value
    assert "canary" not in repr(entry)
    assert await one.store.list_ids(REFRESH, account="account") == ["a"]


async def test_a_mark_under_a_lost_lease_is_not_written(clock: FakeClock) -> None:
    one = kit(clock)
    lease = await one.store.acquire("a", "me", 1)
    clock.pass_time(1)
    with pytest.raises(LeaseLost):
        await RefreshJournal(one.records, clock, KEPT).write("a", "", Entry("asked", 0), lease=lease)


def test_a_name_is_of_the_token_the_application_and_the_further_fields() -> None:
    names = {
        refresh_name(APPLICATION, "token"),
        refresh_name(APPLICATION, "token2"),
        refresh_name(APPLICATION, "token", "scope=a"),
        refresh_name(APPLICATION, "token", "scope=a", "b"),
    }
    assert len(names) == 4
    assert not any("token" in name for name in names)


async def test_an_entry_is_given_its_account_once_that_is_known(clock: FakeClock) -> None:
    """It lives as long as before, and nothing is made of a name without an entry."""
    one = kit(clock)
    journal = RefreshJournal(one.records, clock, KEPT)
    entry = Entry("answered", 0, 200, b"{}", rotated=True)
    await journal.write("a", "", entry)
    before = await one.store.get(REFRESH, "a")
    await journal.name_account("a", "account")
    await journal.name_account("b", "account")

    assert await journal.find("a") == entry
    assert await one.store.list_ids(REFRESH, account="account") == ["a"]
    after = await one.store.get(REFRESH, "a")
    assert before is not None
    assert after is not None
    assert after.expires_at == before.expires_at
