"""docs/scaling.md, made of what was measured and of nothing else."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from bench.sessions import told_fleet, told_store
from bench.sessions.wording import factor, ms, size, table, whole

Part = dict[str, Any]

PAGE: Final = Path(__file__).parents[2] / "docs" / "scaling.md"
_ENGINES: Final = ("SQLite", "Redis", "PostgreSQL")
_SECTIONS: Final[dict[str, Callable[[Part], str]]] = {
    "scale": told_store.scale,
    "memory": told_store.memory,
    "refresh": told_fleet.refresh,
    "crowd": told_fleet.crowd,
    "outage": told_fleet.outage,
    "rotation": told_fleet.rotation,
}


def page(results: dict[str, Part]) -> str:
    """Return the page; parts that were not measured are left out."""
    sections = [tell(results[name]) for name, tell in _SECTIONS.items() if name in results]
    return "\n\n".join([_beginning(results), *sections, _ending(results)]) + "\n"


def _beginning(results: dict[str, Part]) -> str:
    facts = "\n".join(f"* {fact}" for fact in _facts(results))
    return f"""# Sessions at scale

How many signed-in people a store holds, what they cost, and what happens to them when something goes wrong. All of it
was measured by `make bench-sessions`; this page is written from what that found (`bench/results/sessions.json`).

{facts}

## Which store

{_choice(results)}"""


def _facts(results: dict[str, Part]) -> Iterator[str]:
    if "scale" in results:
        engines = results["scale"]["engines"]
        few, many = told_store.few_and_many(engines)
        grown = {name: factor(told_store.ratio(one["steps"], "load")) for name, one in engines.items()}
        times = ", ".join(f"{one} ({name})" for name, one in grown.items())
        yield f"**From {whole(few)} to {whole(many)} people** the time to open a session is multiplied by {times}."
    if "memory" in results:
        memories = list(results["memory"]["engines"].values())
        most, people = max(one["full"] - one["empty"] for one in memories), memories[0]["people"]
        more = f"grows by {size(most)} at most" if most > 0 else "does not grow"
        yield f"**A gateway's memory** {more} when {whole(people)} people are in its store who do not call."
    if "crowd" in results:
        crowds = results["crowd"]["engines"].values()
        calls, mixed = sum(one["calls"] for one in crowds), sum(one["mixed_up"] for one in crowds)
        yield f"**{whole(mixed)} of {whole(calls)} calls**, each with a refresh, were answered as somebody else."
    if "outage" in results:
        outages = [one[how] for one in results["outage"]["engines"].values() for how in ("stopped", "killed")]
        lost, slowest = sum(one["lost"] for one in outages), max(one["all_nodes_200_seconds"] for one in outages)
        yield f"**{lost} sessions** were lost when stores were stopped or killed; {slowest:.1f} s later all was well."
    if "rotation" in results:
        changes = results["rotation"]["engines"].values()
        lost, errors = sum(one["lost"] for one in changes), sum(one["errors"] for one in changes)
        yield f"**{lost} sessions** were lost, and {errors} calls failed, while keys were changed under load."


def _choice(results: dict[str, Part]) -> str:
    rows: list[tuple[str, ...]] = [
        ("good for", "one host, any number of processes on it", "several hosts", "several hosts"),
        ("a machine that fails loses", "nothing", "nothing, with `appendfsync always`", "nothing"),
        ("a failover loses", "there is none", "what was not passed on yet", "nothing, with synchronous replicas"),
        ("a session that was ended elsewhere is gone", "within 2 s", "at once", "at once"),
    ]
    if "scale" in results:
        engines = results["scale"]["engines"]
        people = whole(told_store.few_and_many(engines)[1])
        last = {name: one["steps"][-1] for name, one in engines.items()}
        rows.append((f"opening a session among {people}", *(_cell(last, name, "load") for name in _ENGINES)))
        rows.append((f"signing in among {people}", *(_cell(last, name, "sign_in") for name in _ENGINES)))
        room = defaultdict(list)
        for name, where, taken in told_store.room_rows(engines):
            room[name].append(f"{size(taken)} of {where}")
        rows.append(("one person takes", *(", ".join(room[name]) for name in _ENGINES)))
    rows.append(("more", "the default", "[Redis](stores-redis.md)", "[PostgreSQL](stores-postgresql.md)"))
    return table(("", *_ENGINES), rows)


def _cell(last: dict[str, Part], name: str, call: str) -> str:
    return ms(last[name][call]["median_ms"]) if name in last else "not measured"


def _ending(results: dict[str, Part]) -> str:
    newest = max(results.values(), key=lambda part: str(part["ended_at"]))
    on = newest["machine"]
    engines = sorted({one["engine"] for part in results.values() for one in part["engines"].values()})
    packages = ", ".join(f"{name} {number}" for name, number in newest["versions"].items())
    rows = [(f"`{one['command']}`", one["ended_at"][:10], f"{one['minutes']:.1f} min") for one in results.values()]
    stores = "\n".join(f"* {one}" for one in engines)
    return f"""## How it was measured

On {on["cores"]} cores of an {on["cpu"]}, shared with whatever else ran there, {on["memory_gib"]} GiB of memory,
{on["system"]}, Linux {on["kernel"]}. A small write is on its disk after {ms(on["disk_write_ms"])}.

{stores}
* {packages}

Absolute figures are this machine's, and its disk decides about writes. Ratios carry over.

* The records are real: the gateway's own stories made them, each sealed as ever. They were put into the stores in bulk
  (one transaction, pipelined keys, COPY). Some were then written anew through the store's own `put`, and all that the
  store tells of them was the same.
* Store, gateways, callers and the emulator that stands for Cronofy ran on the same machine. Loads were made one after
  the other, in a process that had not opened the session before; the files were in the system's page cache.

{table(("command", "measured on", "took"), rows)}

```sh
make bench-sessions                              # all of it, this page and its pictures
python -m bench.sessions --quick                 # up to 10,000 people, a few minutes; this page stays as it is
python -m bench.sessions --engines Redis scale   # one engine, one part; the same
python -m bench.sessions report                  # this page and its pictures anew from the results
```"""
