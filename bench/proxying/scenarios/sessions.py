"""CPU per call with few and many sessions in SQLite: always the same one in use, and thousands that take turns."""

import asyncio
import secrets
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from bench.proxying.figures import CpuTime, over, round_of
from bench.proxying.peers import gateway
from bench.proxying.plan import Plan
from bench.proxying.processes import on_cores
from bench.proxying.stage import Proxy, Stage
from bench.proxying.tokens import LIFETIME, new_access_token
from bench.proxying.upstream import BODY_BYTES, CALENDARS
from bench.proxying.wrk import SESSIONS, Load, load
from bench.sessions.corpus import Corpus, make_corpus
from bench.sessions.engine_sqlite import SqliteEngine
from bench.sessions.people import Person
from gateway.emulator.ids import stable_id

_SEALED_PER_SECOND: Final = 10_000  # guesses, both
_FILLED_PER_SECOND: Final = 12_000


def seconds(plan: Plan) -> float:
    """Return a guess of what it takes."""
    stores = len(plan.stores)
    filled = max(plan.stores) / _SEALED_PER_SECOND + sum(plan.stores) / _FILLED_PER_SECOND
    return filled + stores * (2 + plan.spread_warm_up + plan.store_rounds * 2 * (plan.warm_up + plan.store_round))


def measure(stage: Stage, tick: Callable[[str], None]) -> dict[str, Any]:
    """Let gateways on stores of each size take turns."""
    place = stage.place()
    gateway.prepare(place)
    ring = place.folder / gateway.RING
    tick(f"sealing the records of {max(stage.plan.stores):,} people")
    with on_cores():
        corpus = _corpus(place.folder, max(stage.plan.stores), stage.plan.spread)
        records = {size: _fill(place.folder, corpus, size, tick) for size in stage.plan.stores if size > 1}
    with ExitStack() as stack:
        stores = {}
        for size in stage.plan.stores:
            one = stage.open_gateway(records=records.get(size), ring=ring)
            stores[size] = _Store(stage, corpus, size, stack.enter_context(one))
        for turn in range(stage.plan.store_rounds):
            for size, store in stores.items():
                tick(f"round {turn + 1}: {size:,} sessions")
                store.take_turn()
        return {str(size): store.told() for size, store in stores.items()}


class _Store:
    """A gateway on a store of some size."""

    def __init__(self, stage: Stage, corpus: Corpus, size: int, proxy: Proxy) -> None:
        self._plan, self._proxy = stage.plan, proxy
        self._spread = min(size, stage.plan.spread)
        self._cookies = stage.folder / f"cookies-{size}"
        if size > 1:
            handles = corpus.handles(range(self._spread))
            self._cookies.write_text("".join(f"{gateway.COOKIE}={one}\n" for one in handles), encoding="utf-8")
        else:
            self._cookies.write_text(proxy.headers["Cookie"] + "\n", encoding="utf-8")
        self._one: list[dict[str, float]] = []
        self._many: list[dict[str, float]] = []
        self._idle = self._used = proxy.program.memory()

    def take_turn(self) -> None:
        """Measure one session, then many."""
        self._load_one(self._plan.warm_up)
        self._one.append(self._round(self._load_one))
        is_first = not self._many
        before = self._proxy.program.memory()
        self._load_many(self._plan.spread_warm_up if is_first else self._plan.warm_up)
        if is_first:
            self._idle, self._used = before, self._proxy.program.memory()
        self._many.append(self._round(self._load_many))

    def told(self) -> dict[str, Any]:
        """Return what was found."""
        memory = {"memory_before": self._idle, "memory_after": self._used}
        return {"one": over(self._one), "spread": {"sessions": self._spread, **over(self._many), **memory}}

    def _round(self, make_load: Callable[[int], Load]) -> dict[str, float]:
        with CpuTime(self._proxy.program) as cpu:
            done = make_load(self._plan.store_round)
        return round_of(done, cpu)

    def _load_one(self, span: int) -> Load:
        return load(self._proxy.url(CALENDARS), self._proxy.headers, span, body_bytes=BODY_BYTES)

    def _load_many(self, span: int) -> Load:
        url, arguments = self._proxy.url(CALENDARS), (str(self._cookies),)
        return load(url, {"X-CSRF": "1"}, span, script=SESSIONS, arguments=arguments, body_bytes=BODY_BYTES)


def _corpus(folder: Path, people: int, used: int) -> Corpus:
    known = [_person(number) for number in range(min(people, used))]
    return make_corpus(folder, folder / "gateway.toml", known, people, time.time())


def _person(number: int) -> Person:
    sub, profile = stable_id("acc", "bench", str(number)), stable_id("pro", "bench", str(number))
    return Person(sub, profile, new_access_token(), secrets.token_urlsafe(32), LIFETIME, "Firefox")


def _fill(folder: Path, corpus: Corpus, size: int, tick: Callable[[str], None]) -> Path:
    async def fill() -> Path:
        engine = SqliteEngine(folder / str(size))
        url = await engine.new_store()
        await engine.fill(url, corpus.frames(size))
        await engine.settle(url)
        return Path(url.removeprefix("sqlite:///"))

    tick(f"filling a store with {size:,} sessions")
    (folder / str(size)).mkdir()
    return asyncio.run(fill())
