"""The world outside is what the settings name."""

from pathlib import Path
from typing import Any

import pytest

from gateway.adapters.lean.upstream import LeanUpstream
from gateway.adapters.store_memory import MemoryStore
from gateway.adapters.store_sqlite import SqliteStore
from gateway.adapters.upstream import AiohttpUpstream
from gateway.app.outside import open_outside, open_store
from gateway.config_check import check_settings
from gateway.observe.metrics import Metrics
from tests.clock import FakeClock
from tests.settings import good_settings


async def test_the_store_is_the_one_that_is_named(clock: FakeClock, tmp_path: Path) -> None:
    checked = check_settings(good_settings(store={"url": "memory:"}))
    assert isinstance(await open_store(checked, clock), MemoryStore)
    checked = check_settings(good_settings(store={"url": f"sqlite:///{tmp_path}/a.db"}))
    store = await open_store(checked, clock)
    assert isinstance(store, SqliteStore)
    await store.close()


async def test_in_cookie_shape_nothing_lies_on_a_disk(clock: FakeClock, tmp_path: Path) -> None:
    changes = {"store": {"url": f"sqlite:///{tmp_path}/a.db"}, "sessions": {"shape": "cookie"}}
    assert isinstance(await open_store(check_settings(good_settings(**changes)), clock), MemoryStore)


async def test_what_was_opened_is_closed_at_the_end(clock: FakeClock) -> None:
    checked = check_settings(good_settings(store={"url": "memory:"}, upstream={"lean": False}))
    async with open_outside(checked, clock, Metrics()) as outside:
        session = outside.upstream.session  # type: ignore[attr-defined]
        assert not session.closed
    assert session.closed


@pytest.mark.parametrize(
    ("upstream", "transport"),
    [({}, LeanUpstream), ({"lean": False}, AiohttpUpstream), ({"egress_proxy": "http://p:3128"}, AiohttpUpstream)],
)
async def test_proxied_calls_take_the_lean_way_unless_a_proxy_stands_in_it(
    clock: FakeClock, upstream: dict[str, Any], transport: type
) -> None:
    checked = check_settings(good_settings(store={"url": "memory:"}, upstream=upstream))
    async with open_outside(checked, clock, Metrics()) as outside:
        assert isinstance(outside.upstream, transport)
