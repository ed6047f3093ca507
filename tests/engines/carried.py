"""What the engines' files say of the operations that an engine carries: one line for each, made from the route table.

`python -m tests.engines.carried` writes the lines between their marks; a test fails when a file is behind.
"""

import re
from collections.abc import Callable
from pathlib import Path
from textwrap import indent
from typing import Final

from gateway.rules.engine_calls import is_for_engines
from gateway.rules.operations import OPERATIONS, Operation

ENGINES: Final = Path(__file__).parents[2] / "config" / "engines"
CARRIED: Final = tuple(one for one in OPERATIONS if is_for_engines(one))
# What else must be so: no element token, no backend's call for an account, and nothing that would become a tunnel.
_PLAIN: Final = "!QueryRegexp(`et`, `.*`) && !HeaderRegexp(`Gateway-Account`, `.*`) && !HeaderRegexp(`Upgrade`, `.*`)"
_JSON: Final = '(?i)^application/json( *; *charset="?utf-8"?)?$'


def _pattern(operation: Operation, segment: str) -> str:
    """Return a regular expression for the path, with one for what stands for a `{name}`."""
    return re.sub(r"\{\w+\}", lambda _: segment, operation.template)


def _methods(operation: Operation) -> str:
    return "(GET|HEAD)" if operation.method == "GET" else operation.method


def _caddy(operation: Operation) -> str:
    kind = "reads" if operation.method == "GET" else "writes"
    return f'"~^{_methods(operation)} {_pattern(operation, "[^/?]+")}(\\?|$)" {kind}'


def _envoy(operation: Operation) -> str:
    template = operation.template
    path = f'safe_regex: {{regex: "{_pattern(operation, "[^/]+")}"}}' if "{" in template else f"path: {template}"
    return f"- {{match: {{{path}, headers: *{operation.method.lower()}}}, route: *cronofy}}"


def _traefik(operation: Operation) -> str:
    template = operation.template
    return f"PathRegexp(`^{_pattern(operation, '[^/]+')}$`)" if "{" in template else f"Path(`{template}`)"


def _of(method: str) -> list[Operation]:
    return [one for one in CARRIED if one.method == method]


def _any(operations: list[Operation]) -> str:
    return " ||\n".join(map(_traefik, operations))


def caddy_lines() -> str:
    """Return the lines of the Caddyfile's map."""
    return "\n".join(map(_caddy, CARRIED))


def envoy_lines() -> str:
    """Return Envoy's routes."""
    return "\n".join(map(_envoy, CARRIED))


def traefik_reads() -> str:
    """Return Traefik's rule for what reads."""
    return _rule("(Method(`GET`) || Method(`HEAD`)) && !HeaderRegexp(`Content-Length`, `.*`)", _any(_of("GET")))


def traefik_writes() -> str:
    """Return Traefik's rule for what writes, method by method."""
    methods = dict.fromkeys(one.method for one in CARRIED if one.method != "GET")
    rows = [f"Method(`{method}`) && (\n{_any(_of(method))})" for method in methods]
    return _rule(f"HeaderRegexp(`Content-Type`, `{_JSON}`)", " ||\n".join(rows))


def _rule(first: str, rows: str) -> str:
    """Return a rule, whole: no comment can stand inside it."""
    lines = f"{first} &&\n{_PLAIN} && (\n{rows})"
    return f"rule: >-\n{indent(lines, '  ')}"


# File, and the names of its marks.
LINES: Final[tuple[tuple[str, str, Callable[[], str]], ...]] = (
    ("Caddyfile", "carried", caddy_lines),
    ("envoy.yaml", "carried", envoy_lines),
    ("traefik/dynamic.yaml", "reads", traefik_reads),
    ("traefik/dynamic.yaml", "writes", traefik_writes),
)


def with_lines(text: str, name: str, lines: str) -> str:
    """Return a file with the lines between its marks, as deep as these."""
    marks = re.compile(
        rf"^([ \t]*)(# {name}: made from the gateway's operations)\n.*?^[ \t]*(# {name}: end)$", re.DOTALL | re.MULTILINE
    )
    if not marks.search(text):
        raise ValueError(f"the file has no marks for {name}")
    return marks.sub(lambda found: indent(f"{found.group(2)}\n{lines}\n{found.group(3)}", found.group(1)), text)


def main() -> None:
    """Write all lines into their files."""
    for file, name, make in LINES:
        path = ENGINES / file
        path.write_text(with_lines(path.read_text(encoding="utf-8"), name, make()), encoding="utf-8")


if __name__ == "__main__":
    main()
