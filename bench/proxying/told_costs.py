"""What the page tells of bodies, memory, starts and sign-ins."""

from typing import Any

from bench.proxying.told_calls import title
from bench.sessions.wording import ms, size, table, whole

Part = dict[str, Any]


def bodies(part: Part) -> str:
    """Tell of large bodies."""
    kinds = list(next(iter(part.values())))
    rows = [(kind, *(_body(one[kind]) for one in part.values())) for kind in kinds]
    return f"""## Bodies

CPU per megabyte, and how much went through; 16 bodies of 100 KB at a time, 4 of 10 MB. Upstream and callers share one
core, so the second figure is often theirs. All bodies are passed on as they come.

{table(("", *map(title, part)), rows)}"""


def _body(one: Part) -> str:
    return f"{one['cpu_ms_per_megabyte']:.2f} ms/MB, {whole(one['megabytes_per_second'])} MB/s"


def trickle(part: Part) -> str:
    """Tell of bodies that come slowly."""
    rows = [(title(name), *(_delays(one[which]) for which in ("first_ms", "every_ms"))) for name, one in part.items()]
    return f"""## A body that trickles

A piece every 20 ms, each with the time when it was sent: how long until it arrived, median and longest.

{table(("", "the first piece", "every piece"), rows)}"""


def _delays(one: Part) -> str:
    return f"{ms(one['p50'])}, {ms(one['max'])}"


def idle_clients(part: Part) -> str:
    """Tell of connections that are kept open."""
    clients = whole(next(iter(part.values()))["clients"])
    rows = [
        (title(name), size(one["memory_before"]), size(one["memory"]), size(max(0, one["bytes_each"])))
        for name, one in part.items()
    ]
    return f"""## {clients} clients that stay connected

Each has called once and keeps its connection open.

{table(("", "memory before", "with them", "each"), rows)}"""


def start_up(part: Part) -> str:
    """Tell of starts."""
    rows = [(title(name), ms(one["ready_ms"])) for name, one in part.items()]
    return f"""## Start

From the exec of a fresh process until `/readyz` answers 200 (of the others: until a call is answered), median.

{table(("", "ready after"), rows)}"""


def sign_ins(part: Part) -> str:
    """Tell of sign-ins."""
    rate, at_once = whole(part["per_second"]), part["at_once"]
    return f"""## Sign-ins

**{rate} a second** on one core, {at_once} at a time, {part["cpu_ms"]:.1f} ms of CPU each: `/auth/login`, and
`/auth/callback` with the code redeemed upstream, and connection and session sealed and on the disk."""
