"""Sign-ins a second: `/auth/login`, and `/auth/callback` with the code redeemed and a session written."""

import asyncio
import time
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp

from bench.proxying.failures import Failed
from bench.proxying.figures import CpuTime
from bench.proxying.peers import GATEWAY
from bench.proxying.peers.gateway import COOKIE
from bench.proxying.plan import Plan
from bench.proxying.stage import Proxy, Stage

_AT_ONCE: Final = 8
_FOUND, _SEE_OTHER = 302, 303
_CODE: Final = "eyJjbGllbnRfaWQiOiAiYmVuY2gifQ=="  # of the authorization server: {"client_id": "bench"}


def seconds(plan: Plan) -> float:
    """Return a guess of what it takes."""
    return plan.sign_ins + 1


def measure(stage: Stage, tick: Callable[[str], None]) -> dict[str, Any]:
    """Sign in as often as it goes, several browsers at a time."""
    proxy = stage.proxies[GATEWAY]
    tick("sign-ins")
    with CpuTime(proxy.program) as cpu:
        began = time.perf_counter()
        done = asyncio.run(_browsers(proxy, stage.plan.sign_ins))
        taken = time.perf_counter() - began
    return {
        "sign_ins": done,
        "seconds": round(taken, 2),
        "at_once": _AT_ONCE,
        "per_second": round(done / taken, 1),
        "cpu_ms": round(cpu.seconds / done * 1e3, 3),
    }


async def _browsers(proxy: Proxy, span: float) -> int:
    until = time.monotonic() + span
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:

        async def browse() -> int:
            signed_in = 0
            while time.monotonic() < until:
                await _sign_in(http, proxy)
                signed_in += 1
            return signed_in

        return sum(await asyncio.gather(*(browse() for _ in range(_AT_ONCE))))


async def _sign_in(http: aiohttp.ClientSession, proxy: Proxy) -> None:
    """Sign in without the consent page, which is not the gateway's."""
    async with http.get(proxy.url(proxy.peer.sign_in or "/"), allow_redirects=False) as begun:
        state = parse_qs(urlsplit(begun.headers.get("Location", "")).query).get("state", [""])[0]
        cookies = {name: one.value for name, one in begun.cookies.items() if one.value}
    query = urlencode({"code": _CODE, "state": state})
    headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
    async with http.get(proxy.url(f"/auth/callback?{query}"), headers=headers, allow_redirects=False) as ended:
        if (begun.status, ended.status) != (_FOUND, _SEE_OTHER) or COOKIE not in ended.cookies:
            raise Failed(f"a sign-in was answered {begun.status}, {ended.status}")
