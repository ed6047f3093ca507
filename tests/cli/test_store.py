"""The store's tables are made, and its records sealed anew, from the command line."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.adapters.clock import SystemClock
from gateway.adapters.store_sqlite import SqliteStore
from gateway.flows.nodes import NODE
from gateway.flows.ports import Record
from gateway.flows.resealing import RESEAL
from tests.cli.stage import Stage
from tests.cli.test_keys import fill
from tests.log_state import kept_log


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with kept_log():
        yield Stage(tmp_path)


async def opened(stage: Stage) -> SqliteStore:
    return await SqliteStore.open(str(stage.folder / "records.db"), SystemClock())


def test_a_store_that_needs_no_tables_made_is_up_to_date(stage: Stage) -> None:
    for _ in range(2):
        assert "up to date" in stage.run("store", "migrate")


def test_a_store_that_cannot_be_opened_is_a_sentence(stage: Stage) -> None:
    (stage.folder / "records.db").write_text("this is no database, and long enough to be read as one" * 20)
    for command in ("migrate", "reseal"):
        told = stage.run("store", command, code=1)
        assert "cannot be opened" in told
        assert "Traceback" not in told


async def test_records_are_sealed_with_what_the_nodes_that_serve_hold(stage: Stage) -> None:
    """One that does not hold the new key yet could not open a record sealed with it."""
    await fill(stage)
    old = stage.key_ids[0]
    stage.run("keys", "rotate")
    store, now = await opened(stage), SystemClock().now()
    card = f'{{"keys":["{old}"]}}'.encode()
    await store.put(NODE, "serving", Record(card, 0, expires_at=now + 100))
    told = await asyncio.to_thread(stage.run, "store", "reseal")
    assert "not held by all 1 nodes yet" in told
    assert {one.sealed_by for one in await store.count() if one.sealed_by} == {old}
    await store.delete(NODE, "serving")
    await asyncio.to_thread(stage.run, "store", "reseal")
    assert {one.sealed_by for one in await store.count() if one.sealed_by} == {stage.key_ids[0]}
    await store.close()


async def test_two_runs_do_not_get_in_each_others_way(stage: Stage) -> None:
    store = await opened(stage)
    assert await store.acquire(RESEAL, "the other run", 100) is not None
    assert "Another run" in await asyncio.to_thread(stage.run, "store", "reseal", code=1)
    await store.close()
