"""The lists of operations in the engines' files, made from the gateway's route table; `make docs` writes them."""

import re
from collections.abc import Callable, Iterable
from itertools import groupby
from pathlib import Path
from textwrap import indent
from typing import Final

from gateway.rules.engine_calls import is_for_engines
from gateway.rules.operations import OPERATIONS, Operation

ENGINES: Final = Path(__file__).parents[2] / "config" / "engines"
NGINX: Final = ENGINES / "nginx" / "gateway-http.conf"
_NAMED: Final = re.compile(r"\{[a-z_]+\}")
# What Traefik asks beside: no element token, no call that is a backend's alone, and nothing that would become a tunnel.
_ABSENT: Final = ("Gateway-Account", "Cronofy-Impersonate", "Upgrade")
_PLAIN: Final = " && ".join(("!QueryRegexp(`et`, `.*`)", *(f"!HeaderRegexp(`{name}`, `.*`)" for name in _ABSENT)))
_JSON: Final = '(?i)^application/json( *; *charset="?utf-8"?)?$'


def carried() -> list[Operation]:
    """Return the operations that an engine carries."""
    return [one for one in OPERATIONS if is_for_engines(one)]


def _by_method() -> list[tuple[str, list[Operation]]]:
    def method(one: Operation) -> str:
        return one.method

    return [(name, list(rows)) for name, rows in groupby(sorted(carried(), key=method), key=method)]


def nginx_map() -> str:
    """Return nginx' map of the targets that it carries: one expression for each method, as bytes were sent."""
    lines = []
    for name, rows in _by_method():
        methods = "(?:GET|HEAD)" if name == "GET" else name
        paths = "|".join(_NAMED.sub("[^/?#]+", one.template.removeprefix("/v1/")) for one in rows)
        lines.append(f'    "~^{methods}:/v1/(?:{paths})/?(?:[?]|$)" 1;\n')
    return 'map "$request_method:$request_uri" $gateway_operation {\n    default "";\n' + "".join(lines) + "}\n"


def caddy_map() -> str:
    """Return the lines of Caddy's map of the targets that it carries, as bytes were sent."""

    def line(one: Operation) -> str:
        method, kind = ("(GET|HEAD)", "reads") if one.method == "GET" else (one.method, "writes")
        return f'"~^{method} {_NAMED.sub("[^/?#]+", one.template)}(\\?|$)" {kind}\n'

    return "".join(map(line, carried()))


def envoy_routes() -> str:
    """Return Envoy's routes of the paths that it carries, as bytes were sent."""

    def line(one: Operation) -> str:
        expression = _NAMED.sub("[^/]+", one.template)
        path = f"path: {expression}" if expression == one.template else f'safe_regex: {{regex: "{expression}"}}'
        return f"- {{match: {{{path}, headers: *{one.method.lower()}}}, route: *cronofy}}\n"

    return "".join(map(line, carried()))


def traefik_reads() -> str:
    """Return Traefik's rule for what reads."""
    (rows,) = (rows for name, rows in _by_method() if name == "GET")
    return _traefik_rule("(Method(`GET`) || Method(`HEAD`)) && !HeaderRegexp(`Content-Length`, `.*`)", _any_path(rows))


def traefik_writes() -> str:
    """Return Traefik's rule for what writes."""
    rows = [f"Method(`{name}`) && (\n{_any_path(rows)})" for name, rows in _by_method() if name != "GET"]
    return _traefik_rule(f"HeaderRegexp(`Content-Type`, `{_JSON}`)", " ||\n".join(rows))


def _any_path(rows: Iterable[Operation]) -> str:
    def path(one: Operation) -> str:
        expression = _NAMED.sub("[^/]+", one.template)
        return f"Path(`{expression}`)" if expression == one.template else f"PathRegexp(`^{expression}$`)"

    return " ||\n".join(map(path, rows))


def _traefik_rule(first: str, rows: str) -> str:
    """Return a rule, whole: no comment can stand inside it."""
    lines = f"{first} &&\n{_PLAIN} && (\n{rows})\n"
    return f"rule: >-\n{indent(lines, '  ')}"


# Each file, the name of its marks, and what stands between them.
LISTS: Final[tuple[tuple[Path, str, Callable[[], str]], ...]] = (
    (NGINX, "operations", nginx_map),
    (ENGINES / "Caddyfile", "operations", caddy_map),
    (ENGINES / "envoy.yaml", "operations", envoy_routes),
    (ENGINES / "traefik" / "dynamic.yaml", "reads", traefik_reads),
    (ENGINES / "traefik" / "dynamic.yaml", "writes", traefik_writes),
)


def with_list(text: str, name: str, made: str) -> str:
    """Return a file with a list between its marks, as deep as these."""
    marks = re.compile(rf"(?ms)^([ \t]*)(# {name}: begin\n).*?^[ \t]*(# {name}: end\n)")
    if not marks.search(text):
        raise ValueError(f"the file has no marks for {name}")
    return marks.sub(lambda found: indent(f"{found[2]}{made}{found[3]}", found[1]), text)


def main() -> None:
    """Write the lists into their files."""
    for path, name, make in LISTS:
        path.write_text(with_list(path.read_text(encoding="utf-8"), name, make()), encoding="utf-8")


if __name__ == "__main__":
    main()
