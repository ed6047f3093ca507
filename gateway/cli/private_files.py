"""Files that their owner alone may read, and that take nobody's place by accident."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

OWNER_ONLY: Final = 0o600


class FileUnusable(Exception):
    """A file that cannot be read or written as was asked; the sentence says why."""


@contextmanager
def new_file(path: Path, *, force: bool) -> Iterator[IO[bytes]]:
    """Write a file that is there whole or not at all.

    Args:
        path: the file.
        force: it may take the place of another one.

    Raises:
        FileUnusable: it is there already, or cannot be made.
    """
    if path.exists() and not (force and path.is_file()):
        way_out = "use --force to write over it" if path.is_file() else "name a plain file"
        raise FileUnusable(f"{path} is there already; {way_out}")
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    with _open(part, os.O_EXCL, asked_for=path) as file:
        try:
            yield file
            file.flush()
            os.fsync(file.fileno())
            # What appeared there meanwhile is nobody's to lose: a link, unlike a rename, takes no file's place.
            part.replace(path) if force else path.hardlink_to(part)
        except FileExistsError:
            raise FileUnusable(f"{path} is there already; use --force to write over it") from None
        except OSError as error:
            raise FileUnusable(f"{path} cannot be written: {error.strerror}") from None
        finally:
            part.unlink(missing_ok=True)


@contextmanager
def fresh_file(path: Path, *, beside: str) -> Iterator[IO[bytes]]:
    """Write a file that can be read as it grows, over whatever stood there.

    Args:
        path: the file.
        beside: the path of another file, whose place it must not take.

    Raises:
        FileUnusable: it cannot be made.
    """
    if path.exists() and Path(beside).exists() and path.samefile(beside):
        raise FileUnusable(f"{path} is the very file that is read")
    with _open(path, os.O_TRUNC, asked_for=path) as file:
        yield file


def _open(path: Path, flag: int, *, asked_for: Path) -> IO[bytes]:
    try:
        return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | flag, OWNER_ONLY), "wb")
    except OSError as error:
        raise FileUnusable(f"{asked_for} cannot be written: {error.strerror}") from None
