"""What is measured: a program, how it is started and how one signs in at it."""

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bench.proxying.upstream import CALENDARS

WHOLE: Final = "the whole job"
PLAIN: Final = "plain reverse proxy with a fixed header"
_VERSION: Final = re.compile(r"\d+\.\d+(?:\.\d+)*")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a peer is started.

    Attributes:
        folder: its own, for its files.
        port: where it is to listen.
        upstream: port of the upstream.
        issuer: port of the authorization server.
    """

    folder: Path
    port: int
    upstream: int
    issuer: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A program that can be started.

    Attributes:
        title: what tables call it.
        job: what it does for a call.
        version: of the program.
        words: the command.
        sign_in: the page where a browser begins; None where nobody signs in.
        env: more variables.
        ready: path and port of what answers when it is ready.
        ready_statuses: what that answers then.
    """

    title: str
    job: str
    version: str
    words: tuple[str, ...]
    ready: tuple[int, str]
    sign_in: str | None = CALENDARS
    env: Mapping[str, str] = field(default_factory=dict)
    ready_statuses: frozenset[int] = frozenset({200})


def version_of(*words: str) -> str:
    """Return the first number with points in it that a program tells of itself."""
    done = subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603  our own commands
    found = _VERSION.search(done.stdout + done.stderr)
    return found.group() if found else "unknown"
