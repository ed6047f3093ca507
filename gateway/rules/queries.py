"""Reading a raw query string without losing a byte of it.

A parameter is kept as it was sent beside what it decodes to, so that what the gateway does not own passes on byte for
byte. Names are also read the way Rack reads them (`scope[]`, `[scope]`, `a=b;scope=c`), because a second reader
upstream must never see a parameter that we judged to be absent.
"""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote_from_bytes, unquote_plus

from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused

_BRACKETS: Final = re.compile(r"[\[\]]*([^\[\]]*)")
_PRINTABLE: Final = frozenset(range(0x21, 0x7F))


@dataclass(frozen=True, slots=True)
class Parameter:
    """One `name=value` of a query: raw as sent, name and value decoded (UTF-8, damaged bytes replaced)."""

    raw: str
    name: str
    value: str

    @property
    def raw_value(self) -> str:
        """The value as it was sent."""
        return self.raw.partition("=")[2]


def parse_query(raw: str) -> tuple[Parameter, ...]:
    """Split a raw query at `&` into its parameters, empty ones left out."""
    parameters = []
    for piece in raw.split("&"):
        if piece:
            name, _, value = piece.partition("=")
            parameters.append(Parameter(piece, unquote_plus(name), unquote_plus(value)))
    return tuple(parameters)


def seen_names(parameter: Parameter) -> set[str]:
    """Return every name that some reader could see in a parameter: without brackets and blanks, around a `;` too."""
    pieces = (unquote_plus(piece.partition("=")[0]) for piece in parameter.raw.split(";"))
    return {_plain_name(name) for name in (parameter.name, *pieces)}


def _plain_name(name: str) -> str:
    match = _BRACKETS.match(name.strip())
    return (match.group(1) if match else name).strip(" \t\r\n\0")


def owned_parameters(parameters: tuple[Parameter, ...], owned: frozenset[str]) -> dict[str, Parameter]:
    """Return the owned parameters by name; each may stand once, in its plain spelling.

    Raises:
        RequestRefused: `parameter_repeated` where one is doubled, bracketed or hidden behind a `;`.
    """
    found: dict[str, Parameter] = {}
    for parameter in parameters:
        for name in seen_names(parameter) & owned:
            if parameter.name != name or name in found or _hides(parameter, name):
                raise RequestRefused(
                    Code.PARAMETER_REPEATED, f"The parameter {name} must be sent once, in its plain spelling."
                )
            found[name] = parameter
    return found


def _hides(parameter: Parameter, name: str) -> bool:
    """Say whether an owned name stands behind a `;` in the parameter's own value."""
    tails = (unquote_plus(piece.partition("=")[0]) for piece in parameter.raw.split(";")[1:])
    return name in {_plain_name(tail) for tail in tails}


def printable(raw: str) -> str:
    """Percent-encode what may not stand raw in a URL or header; everything else stays byte for byte."""
    return "".join(
        chr(byte) if byte in _PRINTABLE else quote_from_bytes(bytes((byte,)), safe="")
        for byte in raw.encode("utf-8", "surrogateescape")
    )
