"""What the page tells of gateways at work: refreshes, crowds, outages and a change of keys."""

from typing import Any

from bench.sessions.wording import counts, size, table, whole

Part = dict[str, Any]


def refresh(part: Part) -> str:
    """Tell of one refresh for many."""
    engines = part["engines"]
    one = next(iter(engines.values()))
    calls, nodes, delay = one["calls"], one["nodes"], one["delay_seconds"]
    rows = [
        (name, f"**{one['refreshes']}**", counts(one["statuses"]), one["right_account"], f"{one['seconds']:.1f} s")
        for name, one in engines.items()
    ]
    head = ("", "refreshes at Cronofy", "answers", "naming the right account", "all answered after")
    return f"""## One refresh for everybody

{calls} calls at once with one session, spread over {nodes} gateway processes. Its token is stale, the refresh token is
replaced by its use, and the token endpoint takes {delay:.0f} s.

{table(head, rows)}"""


def crowd(part: Part) -> str:
    """Tell of mix-ups."""
    engines = part["engines"]
    one = next(iter(engines.values()))
    people, each, nodes = whole(one["people"]), whole(one["calls"] / one["people"]), one["nodes"]
    rows = [
        (
            name,
            f"**{one['mixed_up']}**",
            counts(one["statuses"]),
            whole(one["refreshes"]),
            f"{one['calls'] / one['seconds']:.0f}",
        )
        for name, one in engines.items()
    ]
    left = "; ".join(
        f"{name} " + ", ".join(f"{size(taken)} of {where}" for where, taken in one["bytes_each_refresh"].items())
        for name, one in engines.items()
    )
    head = ("", "answered as somebody else", "answers", "refreshes at Cronofy", "calls a second")
    return f"""## Nobody is answered as somebody else

{people} people call {each} times each, {one["at_once"]} calls at a time, each through any of {nodes} gateway processes.
Their tokens live so short that every call needs a refresh, and the refresh token is replaced by its use: one that was
used twice or lost would show. Every answer of `/v1/account` is compared with the account that the session is of.

{table(head, rows)}

The rate is that of the hardest case, with gateways, emulator, store and callers on the same cores;
[what a call costs](performance.md) without a refresh is another page.

**What a refresh leaves.** Where Cronofy replaces a refresh token when it is used, the gateway remembers what the old
one led to for `sessions.connection_kept` (60 days if not said), so that whoever still holds the old one is led on. Each
such refresh leaves, measured here: {left}.
A person who is active for eight hours a day, with tokens of an hour, leaves 480 of them in 60 days. Where Cronofy
leaves refresh tokens as they are, nothing is left after a minute."""


def outage(part: Part) -> str:
    """Tell of a store that is away."""
    engines = part["engines"]
    one = next(iter(engines.values()))
    rows = [
        (
            f"{name}, {how}",
            f"{one[how]['away_seconds']:.1f} s",
            counts(one[how]["away"]),
            f"{one[how]['first_200_seconds']:.1f} s",
            f"{one[how]['all_nodes_200_seconds']:.1f} s",
            counts(one[how]["after"]),
            f"**{one[how]['lost']}** of {one['people']}",
            f"**{one[how]['cookies']}**",
        )
        for name, one in engines.items()
        for how in ("stopped", "killed")
    ]
    head = (
        "",
        "away for",
        "answers meanwhile",
        "first 200 after its return",
        "from every node",
        "answers from then on",
    )
    return f"""## The store goes away

{one["clients"]} clients call without a pause through {one["nodes"]} gateway processes, while the store's server is
stopped (Redis by SIGTERM, PostgreSQL by SIGINT, its fast shutdown) or killed (SIGKILL), and started again.

{table((*head, "sessions lost", "Set-Cookie lines"), rows)}

A 503 carries `Retry-After`, and cookies are left alone. A gateway that found the store away several times in a row asks
again after 2 s at most: that is what the wait after its return is. SQLite is a file, and not away by itself."""


def rotation(part: Part) -> str:
    """Tell of a change of keys."""
    engines = part["engines"]
    one = next(iter(engines.values()))
    often, nodes, clients = len(one["rotations"]), one["nodes"], one["clients"]
    rows = [
        (
            name,
            whole(one["calls"]),
            f"**{one['errors']}**",
            f"**{one['lost']}** of {one['people']}",
            whole(sum(int(step["resealed"]) for step in one["rotations"])),
            sum(step["left_under_old_keys"] for step in one["rotations"]),
            f"{one['seconds']:.0f} s",
        )
        for name, one in engines.items()
    ]
    head = ("", "calls", "errors", "sessions lost", "records sealed anew", "left under an old key", "took")
    return f"""## The keys are changed

Changes of the key, one after the other: {often}. Each is what `cronofy-gateway keys rotate` tells: a new key in front,
the {nodes} nodes started anew one after the other, `store reseal`, the old key taken out, the nodes started anew once
more. {clients} clients call all the while. A call that finds a node gone goes to the other one, as a load balancer
sends it; any answer but 200 is an error.

{table(head, rows)}"""
