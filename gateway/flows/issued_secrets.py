"""Secrets that the gateway issued to a client: made here, shown once, at most two active at a time.

Two, so that an app can be moved from the old one to the new one without a gap. They rest sealed and not hashed, since
callbacks are signed with them.
"""

import secrets
from collections.abc import Sequence
from typing import Final

import msgspec

from gateway.rules.fingerprints import fingerprint

PREFIX: Final = "cgs_"  # so that scanners of source code and logs recognise one
MOST: Final = 2
_BYTES: Final = 32
_SHOWN: Final = 12


class ClientRefused(Exception):
    """What an operator asked for about a client cannot be done; the sentence says why."""


class IssuedSecret(msgspec.Struct, frozen=True):
    """A secret that was issued.

    Attributes:
        secret: itself.
        issued_at: Unix time, in seconds.
    """

    secret: str
    issued_at: float

    @property
    def name(self) -> str:
        """By what operators know it: the beginning of its fingerprint, which opens nothing."""
        return fingerprint("client-secret", self.secret)[:_SHOWN]

    def __repr__(self) -> str:
        return f"IssuedSecret({self.name})"


Issued = tuple[IssuedSecret, ...]


def make_secret(now: float) -> IssuedSecret:
    """Make a secret of 256 random bits."""
    return IssuedSecret(PREFIX + secrets.token_urlsafe(_BYTES), now)


def with_secret(active: Issued, fresh: IssuedSecret) -> Issued:
    """Return the active secrets with a new one behind them.

    Raises:
        ClientRefused: there are two already.
    """
    if len(active) >= MOST:
        names = " and ".join(one.name for one in active)
        raise ClientRefused(
            f"Two issued secrets are active already, {names}. Make room with --revoke-older or --revoke NAME."
        )
    return (*active, fresh)


def without_older(active: Issued) -> Issued:
    """Return the active secrets without the older of two; one alone is left, since its app may have no other."""
    return tuple(sorted(active, key=lambda one: one.issued_at))[-1:] if len(active) > 1 else active


def without_named(active: Issued, names: Sequence[str]) -> Issued:
    """Return the active secrets without those whose names begin like this.

    Raises:
        ClientRefused: a name fits none of them, or several.
    """
    gone = set()
    for name in names:
        fitting = [one for one in active if name and one.name.startswith(name.lower())]
        if len(fitting) != 1:
            known = ", ".join(one.name for one in active) or "none"
            which = "several active secrets" if fitting else "no active secret that was issued"
            raise ClientRefused(f"{name!r} names {which}; active: {known}.")
        gone.add(fitting[0])
    return tuple(one for one in active if one not in gone)
