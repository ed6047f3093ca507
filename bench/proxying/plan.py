"""How much is measured: in full, or quickly to see where one stands."""

from dataclasses import dataclass
from typing import Final

_MIB: Final = 1024**2


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Numbers of everything; spans in seconds.

    Attributes:
        peers: who is measured beside the gateway.
        pages: the gateway is also measured with an answer that it has to change.
        rounds: in which all of them take turns.
        warm_up: of load before each round.
        round: of load in a round.
        paced: of calls at a fixed rate.
        rates: calls a second, at a fixed rate.
        transfer: of bodies in one direction.
        pieces: of a trickled body.
        idle_clients: connections that are kept open.
        starts: of a fresh process.
        sign_ins: of sign-ins one after the other, several at a time.
        stores: sessions in the store; the largest a multiple of a thousand.
        spread: sessions that take turns, at most.
        spread_warm_up: of load until each of those was used.
        store_rounds: in which the stores take turns, and one worker and two.
        store_round: of load in such a round.
        stream_bytes: of one large body.
        many_calls: after which the memory must be what it was.
        many_calls_at_most: that they may take.
        at_most: for everything; what is left then is left out.
    """

    peers: tuple[str, ...]
    pages: bool
    rounds: int
    warm_up: int
    round: int
    paced: float
    rates: tuple[int, ...] = (100, 500)
    transfer: int
    pieces: int
    idle_clients: int
    starts: int
    sign_ins: float
    stores: tuple[int, ...]
    spread: int
    spread_warm_up: int
    store_rounds: int
    store_round: int
    stream_bytes: int
    many_calls: int
    many_calls_at_most: float
    at_most: float


FEW: Final = ("nginx", "envoy_oauth2")
ALL: Final = (*FEW, "nginx_checked", "envoy", "mod_auth_openidc", "oauth2_proxy", "textbook_aiohttp", "express")

FULL: Final = Plan(
    peers=ALL,
    pages=True,
    rounds=5,
    warm_up=1,
    round=4,
    paced=15.0,
    transfer=4,
    pieces=100,
    idle_clients=1_000,
    starts=5,
    sign_ins=8.0,
    stores=(1, 10_000, 1_000_000),
    spread=10_000,
    spread_warm_up=12,
    store_rounds=3,
    store_round=4,
    stream_bytes=1024 * _MIB,
    many_calls=500_000,
    many_calls_at_most=420.0,
    at_most=2_400.0,
)
QUICK: Final = Plan(
    peers=FEW,
    pages=False,
    rounds=3,
    warm_up=1,
    round=2,
    paced=1.0,
    transfer=1,
    pieces=12,
    idle_clients=1_000,
    starts=1,
    sign_ins=2.0,
    stores=(1, 10_000),
    spread=1_000,
    spread_warm_up=1,
    store_rounds=1,
    store_round=1,
    stream_bytes=128 * _MIB,
    many_calls=10_000,
    many_calls_at_most=6.0,
    at_most=115.0,
)
