"""What the page tells of calls: their CPU time beside that of others, and their latency."""

from typing import Any, Final

from bench.proxying.results import CHECKED
from bench.proxying.scenarios.calls import PAGE
from bench.proxying.scenarios.latency import DIRECT
from bench.sessions.wording import ms, size, table, whole

Part = dict[str, Any]

TITLES: Final = {
    "gateway": "this gateway",
    PAGE: "this gateway, a page of events",
    "nginx": "nginx",
    "nginx_checked": "nginx, asking this gateway",
    "envoy": "Envoy",
    "envoy_oauth2": "Envoy, OAuth2 filter",
    "mod_auth_openidc": "Apache, mod_auth_openidc",
    "oauth2_proxy": "oauth2-proxy",
    "textbook_aiohttp": "aiohttp by the book",
    "express": "Node, express-openid-connect",
    DIRECT: "no proxy",
}


def title(name: str) -> str:
    """Return what tables call it; its own name where it has no other."""
    return TITLES.get(name, name)


def in_order(proxies: Part) -> list[str]:
    """Return the names of proxies, the cheapest first."""
    return sorted(proxies, key=lambda name: float(proxies[name]["cpu_us"]))


def calls(results: Part) -> str:
    """Tell of CPU time per call."""
    proxies, ratios = results["proxies"], results["ratios"]
    rows = [_row(name, proxies[name], ratios) for name in in_order(proxies)]
    head = "proxy", "job", "CPU per call", "rounds", "gateway ÷ it", "calls/s, one core", "p50", "p99", "memory"
    rounds = results["plan"]["rounds"]
    more = _pages(proxies) + _checked(ratios)
    said = "CPU microseconds per proxied call, of the gateway and of others"
    return f"""## CPU per call

<picture>
  <source media="(prefers-color-scheme: dark)" srcset="images/performance-calls-dark.svg">
  <img alt="{said}" src="images/performance-calls-light.svg">
</picture>

{table(head, rows)}

*CPU per call* is the median of {rounds} rounds in which all of them took turns; *rounds* are the least and the most
of them. Times are those of a closed loop with 32 connections, which loads a core fully. *Memory* is after a start and
after the load. *The whole job* is: open the session, attach the token, put the mode header on. This gateway judges
origin, CSRF header, operation and access mode as well, counts, and writes a log line for each call.{more}"""


def _row(name: str, one: Part, ratios: dict[str, float]) -> tuple[str, ...]:
    mine = name in {"gateway", PAGE}
    least, most = one["cpu_us_spread"]
    return (
        f"**{title(name)}**" if mine else title(name),
        one["job"],
        f"**{one['cpu_us']:,.0f} µs**" if mine else f"{one['cpu_us']:,.0f} µs",
        f"{least:,.0f} to {most:,.0f}",
        f"{ratios[name]:.2f}" if name in ratios and not mine and name != CHECKED else "",
        whole(one["calls_per_second"]),
        ms(one["p50_ms"]),
        ms(one["p99_ms"]),
        f"{size(one['memory_idle'])}, {size(one['memory'])}",
    )


def _pages(proxies: Part) -> str:
    told = " *A page of events* has a link to the next page, which is made to lead through the gateway."
    return told if PAGE in proxies else ""


def _checked(ratios: Part) -> str:
    if CHECKED not in ratios:
        return ""
    return f"""

*nginx, asking this gateway* carries calls by itself and asks the gateway whether it may, once in a second or two for
calls that are alike (`config/engines/nginx.conf`, see [engines](engines.md)). The CPU time of both together is
**{ratios[CHECKED]:.2f} times** bare nginx's."""


def latency(part: Part) -> str:
    """Tell of times at a fixed rate."""
    rates = list(part)
    names = list(part[rates[0]])
    rows = [
        (
            title(name),
            *(f"{ms(part[rate][name]['p50_ms'])}, {ms(part[rate][name]['p99_ms'])}" for rate in rates),
            *("" if name == DIRECT else _added(part[rate][name]) for rate in rates),
        )
        for name in names
    ]
    head = ("", *(f"p50, p99 at {rate}/s" for rate in rates), *(f"added at {rate}/s" for rate in rates))
    return f"""## Time that is added to a call

At a fixed rate, whether or not the last call is answered (an open loop). A call's time begins when it was due: a stall
counts for every call that was due meanwhile. *Added* is what the proxy's time has more than the upstream's own.

{table(head, rows)}"""


def _added(one: Part) -> str:
    return ", ".join(f"{one[f'added_{which}_ms']:+.2f} ms" for which in ("p50", "p99"))
