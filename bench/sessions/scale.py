"""How long things take, and how much room they need, with few and with many signed-in people in the store."""

import gc
import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Final

from bench.sessions.corpus import CLIENT, KINDS, Corpus
from bench.sessions.engine import Engine
from bench.sessions.figures import times, told
from bench.sessions.likeness import Unlike, check_likeness
from bench.sessions.people import invented
from bench.sessions.plan import Plan
from bench.sessions.stage import Stage
from gateway.adapters.clock import SystemClock
from gateway.app.operator import open_doors
from gateway.flows.bindings import account_key
from gateway.flows.nodes import agreement
from gateway.flows.ports import RecordStore
from gateway.flows.sessions import Sessions
from gateway.rules.client import Client
from gateway.web.keys import PublicDoors

_STRANGERS: Final = 100_000_000  # whoever signs in during the measurements is none of the corpus
_HOUSEKEEPING: Final = 5
_MOST_WRITES: Final = 10_000


@dataclass(frozen=True, slots=True)
class _Open:
    """A store as a gateway process has it open."""

    doors: PublicDoors
    client: Client
    store: RecordStore
    corpus: Corpus
    people: int
    shuffled: Sequence[int]

    def sessions(self) -> Sessions:
        """Return sessions of which nothing is cached."""
        own = self.doors.browser
        return Sessions(own.tickets.records, SystemClock(), own.sessions.lifetimes)


@dataclass(frozen=True, slots=True)
class Filled:
    """A store that was filled.

    Attributes:
        url: where it is.
        people: how many are signed in.
        bytes_each: what one of them takes, by where it takes it.
    """

    url: str
    people: int
    bytes_each: dict[str, int]


async def fill(engine: Engine, corpus: Corpus, sizes: Sequence[int], say: Callable[[str], None]) -> list[Filled]:
    """Fill a store of each size.

    Args:
        engine: what runs.
        corpus: whom the stores are filled with.
        sizes: of people.
        say: is told what is being done.
    """
    stores = []
    for people in sizes:
        say(f"filling a store with {people:,} people")
        url = await engine.new_store()
        await engine.settle(url)
        before = await engine.sizes(url)
        await engine.fill(url, corpus.frames(people))
        await engine.settle(url)
        taken = {where: round((now - before[where]) / people) for where, now in (await engine.sizes(url)).items()}
        stores.append(Filled(url, people, taken))
    return stores


async def measure(
    engine: Engine, stores: Sequence[Filled], corpus: Corpus, stage: Stage, plan: Plan, say: Callable[[str], None]
) -> dict[str, Any]:
    """Measure on all stores in turns: what else the machine does meanwhile hits all of them, and no ratio.

    Args:
        engine: what runs.
        stores: filled from the corpus.
        corpus: whom they were filled with.
        stage: what they are opened with.
        plan: how much.
        say: is told what is being done.
    """
    async with AsyncExitStack() as stack:
        opened = []
        for one in stores:
            doors = await stack.enter_async_context(open_doors(stage.settings(one.url)))
            store = doors.browser.tickets.records.store
            shuffled = random.sample(range(one.people), min(one.people, _MOST_WRITES))
            opened.append(_Open(doors, doors.registry.client(CLIENT), store, corpus, one.people, shuffled))
        await check_likeness(opened[0].store, next(corpus.frames(opened[0].people))[: 5 * len(KINDS)])
        found: list[dict[str, list[list[float]]]] = [defaultdict(list) for _ in stores]
        gc.collect()
        gc.freeze()  # a gateway has neither the corpus nor the emulator in it for its collector to go through
        for number in range(plan.rounds + 1):
            say(f"measuring, round {number} of {plan.rounds}" if number else "warming up")
            for one_open, times_of in zip(opened, found, strict=True):
                measured = await _round(one_open, plan, number)
                for name, some in measured.items() if number else ():
                    times_of[name].append(some)
    steps = [
        {"people": one.people, "bytes_each": one.bytes_each, **{name: told(*rounds) for name, rounds in some.items()}}
        for one, some in zip(stores, found, strict=True)
    ]
    return {"engine": await engine.version(), "steps": steps}


async def _round(opened: _Open, plan: Plan, number: int) -> dict[str, list[float]]:
    handles = opened.corpus.handles(random.sample(range(opened.people), min(opened.people, plan.loads)))
    # Nobody twice: only the first use in a minute is written down.
    some = opened.shuffled[number * plan.writes :][: plan.writes]
    return {
        "load": await _loads(opened, handles),
        "get": await _gets(opened, handles),
        "use": await _uses(opened, opened.corpus.handles(some)),
        "sign_in": await _sign_ins(opened, plan.writes),
        "list": await _lists(opened, opened.corpus.subs(some)),
        **await _housekeeping(opened),
    }


async def _find(sessions: Sessions, client: Client, handle: str, *, slide: bool = False) -> None:
    if await sessions.find(client, handle, slide=slide) is None:
        raise Unlike("a session that was filled in is not found")


async def _loads(opened: _Open, handles: Sequence[str]) -> list[float]:
    """Open sessions, each for the first time in this process."""
    sessions = opened.sessions()
    return await times(lambda handle: _find(sessions, opened.client, handle), handles)


async def _uses(opened: _Open, handles: Sequence[str]) -> list[float]:
    """Use sessions as the first call of a minute does: the use is written down."""
    sessions = opened.sessions()
    return await times(lambda handle: _find(sessions, opened.client, handle, slide=True), handles)


async def _gets(opened: _Open, handles: Sequence[str]) -> list[float]:
    """Ask the store alone: nothing is opened."""
    names = [opened.doors.browser.sessions.name_of(opened.client, handle) for handle in handles]
    return await times(lambda name: opened.store.get("session", name), names)


async def _lists(opened: _Open, subs: Sequence[str]) -> list[float]:
    """List the sessions of accounts."""
    sessions = opened.doors.browser.sessions
    accounts = [account_key(opened.client.application, sub) for sub in subs]

    async def names(account: str) -> None:
        if len(await sessions.names(None, account)) != 1:
            raise Unlike("an account that was filled in has not one session")

    return await times(names, accounts)


async def _sign_ins(opened: _Open, number: int) -> list[float]:
    """Write what a sign-in leaves, one after the other; it is removed again."""
    own = opened.doors.browser
    handles: list[str] = []

    async def sign_in(stranger: int) -> None:
        person = invented(_STRANGERS + stranger)
        stored = await own.connections.connect(opened.client, person.tokens)
        handles.append(await own.sessions.create(opened.client, person.session_data(stored.id)))

    found = await times(sign_in, range(number))
    for handle in handles:
        session = await own.sessions.find(opened.client, handle, slide=False)
        await own.sessions.end(opened.client, handle)
        await own.connections.forget(str(session.data["connection"]) if session else "")
    return found


async def _housekeeping(opened: _Open) -> dict[str, list[float]]:
    """Do what goes on beside the calls: the heartbeat's look at the nodes, the count of records, the sweep."""
    store = opened.store
    return {
        "heartbeat": await times(lambda _: agreement(store, ["none"]), range(_HOUSEKEEPING)),
        "count": await times(lambda _: store.count(), range(1)),
        "sweep": await times(lambda _: store.delete_expired(), range(1)),
    }
