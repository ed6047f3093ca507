"""docs/performance.md, made of what was measured and of the notes in bench/notes.md."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from bench.proxying import told_costs, told_flat
from bench.proxying.results import RATIOS
from bench.proxying.told_calls import calls, latency, title
from bench.sessions.wording import ms, table

Part = dict[str, Any]

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = ROOT / "docs" / "performance.md"
NOTES: Final = ROOT / "bench" / "notes.md"
_SECTIONS: Final[dict[str, Callable[[Part], str]]] = {
    "latency": latency,
    "bodies": told_costs.bodies,
    "trickle": told_costs.trickle,
    "idle_clients": told_costs.idle_clients,
    "start_up": told_costs.start_up,
    "sign_ins": told_costs.sign_ins,
}


def page(results: Part, notes: str) -> str:
    """Return the page; what was not measured is left out.

    Args:
        results: of a run.
        notes: what paid and what did not, written by hand.
    """
    scenarios = results["scenarios"]
    sections = [tell(scenarios[name]) for name, tell in _SECTIONS.items() if name in scenarios]
    sections.append(told_flat.flat(scenarios))
    if "workers" in scenarios:
        sections.append(told_flat.workers(scenarios["workers"]))
    sections.append(f"## What paid and what did not\n\n{notes.strip()}")
    parts = [_beginning(results), calls(results), *sections, _ending(results)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _beginning(results: Part) -> str:
    facts = "\n".join(f"* {fact}" for fact in _facts(results))
    when = results["ended_at"][:10]
    return f"""# What a call costs

A call through the gateway beside the same call through what one could run instead: a session cookie is opened, the
token attached, the mode header put on, the body passed through. Measured by `{results["command"]}` on {when};
this page is written from what that found (`bench/results/latest.json`). Absolute figures are one machine's, and change
from minute to minute; **CPU time per call and its ratio to another program's in the same run** carry over.

{facts}"""


def _facts(results: Part) -> Iterator[str]:
    proxies, ratios = results["proxies"], results["ratios"]
    own, rate = proxies["gateway"]["cpu_us"], proxies["gateway"]["calls_per_second"]
    yield f"A proxied call takes **{own:,.0f} µs** of CPU; one core answers {rate:,.0f} a second."
    for name in RATIOS:
        if name in ratios:
            job, cpu = proxies[name]["job"], proxies[name]["cpu_us"]
            yield f"That is **{ratios[name]:.2f} times** what {title(name)} takes ({job}: {cpu:,.0f} µs)."
    for name, why in results["left_out"].items():
        yield f"Not measured: {title(name)}, {why}."


def _ending(results: Part) -> str:
    on = results["machine"]
    versions = ", ".join(f"{name} {number}" for name, number in results["versions"].items())
    machine = f"{on['cores']} cores of an {on['cpu']}, {on['memory_gib']} GiB of memory"
    system = f"{on['system']}, Linux {on['kernel']}"
    took = f"`{results['command']}` took {results['minutes']:.1f} minutes and ended at {results['ended_at']}"
    proxies = results["proxies"].items()
    rows = [(title(name), one["version"], f"`{one['command']}`", f"`{one['load']}`") for name, one in proxies]
    return f"""## How it was measured

* On {machine}, {system}. A small write is on its disk after {ms(on["disk_write_ms"])}.
* {took}.
* {versions}.

{table(("", "version", "command", "load"), rows)}

* The program under test has one core for itself from its first instruction on; upstream, authorization server and
  callers share another. The upstream is nginx with one worker and a body of 2,330 bytes.
* Before anything is measured each is signed in at through its own redirects, and checked: the body is the upstream's,
  the mode header is there, a token that was issued arrives upstream, and nobody is let in without a session. It is
  checked again after every round, so that no redirect or refusal is counted as an answer.
* CPU time is `utime` + `stime` of all its processes in `/proc`, before and after a round, by the calls that wrk counted
  in it. Each round begins with a second of warm-up.
* The gateway runs as it is shipped, sessions in SQLite, and writes its log lines to `/dev/null` where nothing else is
  said. The others write no log at all. aiohttp by the book runs on uvloop. Memory is proportional (`Pss`).
* The figures of every round are in `bench/results/latest.json`, the configurations in `bench/proxying/peers`.

```sh
make bench                               # all of it, this page and its picture, within 40 minutes
make bench-quick                         # in two minutes, beside nginx and Envoy's OAuth2 filter
python -m bench.proxying latency bodies  # some of it; this page stays as it is
python -m bench.proxying report          # this page anew from the results and bench/notes.md
```"""
