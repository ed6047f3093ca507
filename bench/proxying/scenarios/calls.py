"""CPU per proxied call, calls a second and their times, of the gateway and all its peers, in turns."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, Final

from bench.proxying.failures import Failed, Missing, reason
from bench.proxying.figures import CpuTime, over, round_of
from bench.proxying.peers import GATEWAY
from bench.proxying.plan import Plan
from bench.proxying.stage import Proxy, Stage
from bench.proxying.upstream import BODY_BYTES, CALENDARS, EVENTS
from bench.proxying.wrk import CONNECTIONS, command, load

PAGE: Final = f"{GATEWAY}_page"  # the gateway again, with an answer whose link it has to change


def seconds(plan: Plan) -> float:
    """Return a guess of what it takes."""
    return plan.rounds * (len(plan.peers) + 1 + plan.pages) * (plan.warm_up + plan.round + 0.3)


def measure(stage: Stage, tick: Callable[[str], None]) -> dict[str, Any]:
    """Let all of them take turns."""
    with ExitStack() as stack:
        proxies, left_out = dict(stage.proxies), {}
        for name in stage.plan.peers:
            if name not in proxies:
                tick(f"starting {name}")
                try:
                    proxies[name] = stack.enter_context(stage.open(name))
                except (Missing, Failed) as error:
                    left_out[name] = reason(error)
        turns = [(name, proxy, CALENDARS) for name, proxy in proxies.items()]
        if stage.plan.pages:
            turns.append((PAGE, proxies[GATEWAY], EVENTS))
        idle = {name: proxy.program.memory() for name, proxy in proxies.items()}
        rounds: dict[str, list[dict[str, float]]] = {name: [] for name, _, _ in turns}
        for number in range(stage.plan.rounds):
            for name, proxy, path in turns:
                tick(f"round {number + 1} of {stage.plan.rounds}: {name}")
                rounds[name].append(_round(stage, proxy, path))
        found = {name: _told(stage, proxy, path, rounds[name], idle[proxy.name]) for name, proxy, path in turns}
    return {"proxies": found, "left_out": left_out}


def _round(stage: Stage, proxy: Proxy, path: str) -> dict[str, float]:
    plan, url = stage.plan, proxy.url(path)
    load(url, proxy.headers, plan.warm_up)
    with CpuTime(proxy.program) as cpu:
        done = load(url, proxy.headers, plan.round, body_bytes=BODY_BYTES)
    stage.check(proxy)
    return {**round_of(done, cpu), "memory": proxy.program.memory()}


def _told(stage: Stage, proxy: Proxy, path: str, rounds: list[dict[str, float]], idle: int) -> dict[str, Any]:
    load_words = command(proxy.url(path), dict.fromkeys(proxy.headers, "…"), stage.plan.round, CONNECTIONS)
    return {
        "title": proxy.peer.title,
        "job": proxy.peer.job,
        "version": proxy.peer.version,
        "command": _plain(stage, proxy.program.words),
        "load": _plain(stage, load_words),
        "memory_idle": idle,
        **over(rounds),
    }


def _plain(stage: Stage, words: tuple[str, ...] | list[str]) -> str:
    """Write a command without the folders of this machine."""
    kept = []
    for word in words:
        place = word.removeprefix(f"{stage.folder}/")
        kept.append(place.rpartition("/")[2] if place.startswith("/") else place)
    return " ".join(f"'{word}'" if " " in word else word for word in kept)
