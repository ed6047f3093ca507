"""The file that an import reads."""

import sys
from pathlib import Path
from typing import Final

from gateway.cli.private_files import FileUnusable

STANDARD_INPUT: Final = "-"
_MARK: Final = b"\xef\xbb\xbf"  # a byte order mark, as some programs begin UTF-8 with


def read_lines(file: str) -> list[tuple[int, bytes]]:
    """Return the lines of a file that have something in them, with their numbers from 1.

    Args:
        file: its path; `-` for standard input.

    Raises:
        FileUnusable: it cannot be read, or there is nothing in it.
    """
    try:
        raw = sys.stdin.buffer.read() if file == STANDARD_INPUT else Path(file).read_bytes()
    except OSError as error:
        raise FileUnusable(f"{file} cannot be read: {error.strerror}") from None
    lines = [(number, line) for number, line in enumerate(raw.removeprefix(_MARK).split(b"\n"), 1) if line.strip()]
    if not lines:
        raise FileUnusable(f"{'standard input' if file == STANDARD_INPUT else file} is empty")
    return lines
