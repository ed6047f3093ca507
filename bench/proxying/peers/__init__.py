"""The gateway and its peers, each in a file with its configuration."""

from collections.abc import Callable
from typing import Final

from bench.proxying.peer import Peer, Place
from bench.proxying.peers import (
    envoy,
    envoy_oauth2,
    express,
    gateway,
    mod_auth_openidc,
    nginx,
    nginx_checked,
    oauth2_proxy,
    textbook_aiohttp,
)

GATEWAY: Final = "gateway"
PREPARE: Final[dict[str, Callable[[Place], Peer]]] = {
    GATEWAY: gateway.prepare,
    "nginx": nginx.prepare,
    "nginx_checked": nginx_checked.prepare,
    "envoy": envoy.prepare,
    "envoy_oauth2": envoy_oauth2.prepare,
    "mod_auth_openidc": mod_auth_openidc.prepare,
    "oauth2_proxy": oauth2_proxy.prepare,
    "textbook_aiohttp": textbook_aiohttp.prepare,
    "express": express.prepare,
}
