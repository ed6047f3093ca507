"""Secrets that must not be heard, and ears everywhere that something could be said."""

import base64
import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import quote

from gateway.observe.log import set_up_log
from tests.log_state import kept_log


@dataclass
class Ears:
    """What was said, and what must not have been.

    Attributes:
        log: what the gateway's log wrote.
        libraries: what every logger of every library said, DEBUG and tracebacks included.
        told: error bodies and response headers.
        secrets: what must not be in any of them.
    """

    log: io.StringIO = field(default_factory=io.StringIO)
    libraries: io.StringIO = field(default_factory=io.StringIO)
    told: list[str] = field(default_factory=list)
    secrets: dict[str, str] = field(default_factory=dict)

    def keep(self, **secrets: str) -> None:
        """Add secrets, by a name to tell them apart."""
        assert all(len(value) >= 8 for value in secrets.values()), secrets
        self.secrets |= secrets

    def heard(self, **further: str) -> list[str]:
        """Return which secret was said where, in any spelling."""
        places = {
            "log": self.log.getvalue(),
            "libraries": self.libraries.getvalue(),
            "answers": "\n".join(self.told),
            **further,
        }
        return [
            f"{name} in {place}"
            for name, secret in self.secrets.items()
            for place, said in places.items()
            if any(spelling in said for spelling in spellings(secret))
        ]


def spellings(secret: str) -> set[str]:
    """Return a secret as it is, percent-encoded, in hex, and inside any base64 text."""
    raw = secret.encode()
    found = {secret, quote(secret), quote(secret, safe=""), raw.hex()}
    for shift in range(3):
        # Whole groups of three bytes look the same in any text that holds them at this shift.
        inner = raw[shift : shift + (len(raw) - shift) // 3 * 3]
        found |= {base64.b64encode(inner).decode(), base64.urlsafe_b64encode(inner).decode()}
    return found


@contextmanager
def ears() -> Iterator[Ears]:
    """Listen to everything while the block runs; the log is set up as `serve` does, at its most talkative."""
    opened, root = Ears(), logging.getLogger()
    listener = logging.StreamHandler(opened.libraries)
    listener.setFormatter(logging.Formatter("%(name)s %(message)s %(args)s"))
    with kept_log():
        set_up_log(level="debug", stream=opened.log)
        root.addHandler(listener)
        root.setLevel(logging.DEBUG)
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            yield opened
        opened.told += [str(one.message) for one in warned]
