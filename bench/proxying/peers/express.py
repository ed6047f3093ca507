"""express-openid-connect and http-proxy-middleware in Node: the session is a sealed cookie, the token attached."""

import json
import shutil
from pathlib import Path
from typing import Final

from bench.proxying.failures import Missing
from bench.proxying.peer import WHOLE, Peer, Place, version_of
from tests.journeys.sdks import node_runtime

_FOLDER: Final = Path(__file__).parents[1] / "node"


def prepare(place: Place) -> Peer:
    """Install its packages where that was not done."""
    try:
        node = node_runtime.node()
        node_runtime.install(_FOLDER)
    except (node_runtime.NodeMissing, AssertionError) as error:
        raise Missing(str(error)) from None
    packages = json.loads((_FOLDER / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    names = ("express-openid-connect", "http-proxy-middleware")
    found = ", ".join(f"{name} {packages[f'node_modules/{name}']['version']}" for name in names)
    ports = place.port, place.upstream, place.issuer
    return Peer(
        title="Node, express-openid-connect",
        job=WHOLE,
        version=f"{found}, Node {version_of(*node, '--version')}",
        words=(shutil.which(node[0]) or node[0], str(_FOLDER / "proxy.js"), *map(str, ports)),
        env={"NODE_ENV": "production"},
        ready=(place.port, "/ready"),
    )
