"""What a handle looks like: the string that stands for a token at a client whose tokens the gateway keeps.

It is opaque and random. Its first letters say what it is, so that one which has expired is never taken for a token that
came from elsewhere, and so that a secret scanner can be taught to find it.

Source: RFC 6750 section 2.1 (the letters of a Bearer token).
"""

from typing import Final, Literal

Kind = Literal["access", "refresh"]

# 256 bits, as a session's handle has.
RANDOM_BYTES: Final = 32
PREFIXES: Final[dict[Kind, str]] = {"access": "cga_", "refresh": "cgr_"}
_LONGEST: Final = 64


def write_handle(kind: Kind, random: str) -> str:
    """Return the handle that a random text makes.

    Args:
        kind: what it stands for.
        random: letters of URL-safe base64.
    """
    return PREFIXES[kind] + random


def handle_kind(token: str) -> Kind | None:
    """Say what a token would stand for if it is a handle; None where it cannot be one."""
    return next((kind for kind, prefix in PREFIXES.items() if token.startswith(prefix)), None)


def may_be_handle(token: str) -> bool:
    """Say whether looking a token up as a handle is worth it."""
    return handle_kind(token) is not None and len(token) <= _LONGEST
