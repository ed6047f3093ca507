"""The files that settings are made of, and whether they have changed.

What counts is content, not times: a mounted secret is changed by moving a link, and an editor may write a file anew
without changing it. A change counts when it has stood still between two looks, since half a file can be good TOML too.
"""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from pydantic import BaseModel

from gateway.config.settings import Settings

# Authorities are read when a connection to a store or to Cronofy is set up, which reading the settings again does not.
_NOT_READ: Final = frozenset({"ca_file"})


def files_of(settings: Settings) -> tuple[Path, ...]:
    """Return the secret files that settings name."""
    return tuple(dict.fromkeys(_files(settings)))


def _files(value: object) -> Iterator[Path]:
    """Walk through settings: every table, and every table of tables."""
    if isinstance(value, BaseModel):
        for name, inner in value:
            if isinstance(inner, Path) and name not in _NOT_READ:
                yield inner
            else:
                yield from _files(inner)
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _files(inner)


class FileWatch:
    """Looks at files and says when they have changed.

    Args:
        files: those to look at.
    """

    def __init__(self, files: Iterable[Path]) -> None:
        self._files = tuple(dict.fromkeys(files))
        self._taken = self._look()
        self._seen = self._taken

    def has_changed(self) -> bool:
        """Say whether something changed since it was taken, and has stood still since the last look; it is then taken.

        It reads the files: not for the event loop.
        """
        seen, self._seen = self._seen, self._look()
        if self._seen == self._taken or self._seen != seen:
            return False
        self._taken = self._seen
        return True

    def take(self) -> None:
        """Take the present content as known, because it is about to be read."""
        self._taken = self._seen = self._look()

    def follow(self, files: Iterable[Path], *, missing: bool = False) -> None:
        """Look at these files from now on; what is known of those that were looked at before stays.

        Args:
            files: those to look at.
            missing: the settings could not be read, so what was not looked at before may not have been there then; it
                counts as changed as soon as it is.
        """
        before, self._files = self._taken, tuple(dict.fromkeys(files))
        now = self._look()
        self._taken = {path: before.get(path, b"" if missing else now[path]) for path in now}
        self._seen = now

    def _look(self) -> dict[Path, bytes]:
        return {path: _digest(path) for path in self._files}


def _digest(path: Path) -> bytes:
    try:
        return hashlib.sha256(path.read_bytes()).digest()
    except OSError:
        return b""  # not there, or not for us: a content of its own
