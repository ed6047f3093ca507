"""What the documentations of aiohttp and aiohttp-session lead to: a sealed cookie and a ClientSession."""

import sys
from importlib.metadata import version

from bench.proxying.peer import WHOLE, Peer, Place
from bench.proxying.peers.gateway import ROOT


def prepare(place: Place) -> Peer:
    """Say how it is started."""
    ports = place.port, place.upstream, place.issuer
    return Peer(
        title="aiohttp by the book",
        job=WHOLE,
        version=f"aiohttp {version('aiohttp')}, aiohttp-session {version('aiohttp-session')}",
        words=(sys.executable, "-m", "bench.proxying.programs.textbook", *map(str, ports)),
        sign_in="/login",
        env={"PYTHONPATH": str(ROOT)},
        ready=(place.port, "/ready"),
    )
