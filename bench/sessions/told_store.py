"""What the page tells of full stores: times, room and memory."""

from typing import Any, Final

from bench.sessions.wording import factor, ms, picture, size, table, whole

Part = dict[str, Any]

_CALLS: Final = {
    "load": "open a session by its handle (`Sessions.find`, not cached)",
    "get": "read its record alone (`store.get`)",
    "use": "the first use in a minute, which is written down",
    "sign_in": "sign in: write connection and session",
    "list": "list an account's sessions",
    "heartbeat": "heartbeat: look at the nodes (each node, every 10 s)",
    "sweep": "sweep, with nothing to remove (one node, every 5 minutes)",
    "count": "count all records (the same)",
}
_PEOPLE: Final = (10_000, 100_000, 1_000_000)


def scale(part: Part) -> str:
    """Tell of times and room."""
    engines = part["engines"]
    few, many = (whole(number) for number in few_and_many(engines))
    times = "Milliseconds to open a session by its handle, by how many people are signed in"
    return f"""## Opening a session among {few} and among {many}

{picture("load", times)}

Median, and the 99th percentile below it:

{_loads(engines)}

The ratio is the median at {many} people over the median at {few}: 1.00 is flat. All sizes took
turns in the same minutes, so whatever else the machine did hits each of them alike. Engines were measured one after the
other: compare them with more caution.

Everything else that a store does, medians at {few} and at {many} people:

{_others(engines)}

A handle that was opened within the last 2 s comes from the process's cache and costs no call of the store. Counting is
the one thing that has to look at everything: one node of all does it, every 5 minutes, for the metrics. No call waits
for its answer, but with SQLite the other calls of that one process wait for their turn meanwhile.

## Room

{picture("room", "Bytes that a signed-in person takes, by engine")}

{_room(engines)}

A signed-in person is a session, a connection and what is known of the account's access modes, all sealed. Redis holds
all of it in memory, needs up to as much again for a moment while it rewrites its file, and lets that file grow to twice
its size between two rewrites. PostgreSQL and SQLite have logs besides; a gigabyte is plenty for them."""


def memory(part: Part) -> str:
    """Tell of a gateway's memory."""
    engines = part["engines"]
    rows = [
        (name, size(one["empty"]), size(one["full"]), *(size(used["bytes"]) for used in one["used"]))
        for name, one in engines.items()
    ]
    one = next(iter(engines.values()))
    called = (f"{whole(used['sessions'])} of them called" for used in one["used"])
    picture_says = (
        "Resident memory of a gateway process: on an empty store, on a full one, and after sessions were used"
    )
    return f"""## Memory of a gateway process

{picture("memory", picture_says)}

{table(("", "empty store", f"{whole(one['people'])} people, nobody calls", *called), rows)}

Resident bytes of one `cronofy-gateway serve`. Sessions that nobody uses cost a gateway nothing. What is in use is
cached: at most 10,000 sessions, and 10,000 accounts' access modes. That is what the last columns show, and where it
ends."""


def room_rows(engines: Part) -> list[tuple[str, str, int]]:
    """Return (engine, where, bytes of a person) in the largest store."""
    return [
        (name, where, taken) for name, one in engines.items() for where, taken in one["steps"][-1]["bytes_each"].items()
    ]


def few_and_many(engines: Part) -> tuple[int, int]:
    """Return the least and the most people."""
    steps = next(iter(engines.values()))["steps"]
    return steps[0]["people"], steps[-1]["people"]


def ratio(steps: list[Part], call: str) -> float:
    """Return the median in the largest store over that in the smallest."""
    return float(steps[-1][call]["median_ms"] / steps[0][call]["median_ms"])


def _loads(engines: Part) -> str:
    steps = next(iter(engines.values()))["steps"]
    rows = []
    for name, one in engines.items():
        cells = [f"{ms(step['load']['median_ms'])}<br>{ms(step['load']['p99_ms'])}" for step in one["steps"]]
        rows.append((name, *cells, f"**{factor(ratio(one['steps'], 'load'))}**"))
    return table(("people", *(whole(step["people"]) for step in steps), "ratio"), rows)


def _others(engines: Part) -> str:
    rows = []
    for call, told in _CALLS.items():
        cells = [f"{ms(one['steps'][0][call]['median_ms'])} → {_last(one['steps'], call)}" for one in engines.values()]
        rows.append((told, *cells))
    return table(("", *engines), rows)


def _last(steps: list[Part], call: str) -> str:
    return f"{ms(steps[-1][call]['median_ms'])} (ratio {factor(ratio(steps, call))})"


def _room(engines: Part) -> str:
    rows = [
        (f"{name}: {where}", f"{whole(taken)} bytes", *(size(taken * people) for people in _PEOPLE))
        for name, where, taken in room_rows(engines)
    ]
    return table(("people", "one", *(whole(people) for people in _PEOPLE)), rows)
