"""A file's lines are counted as an editor counts them."""

import io
from pathlib import Path

import pytest

from gateway.cli.import_file import read_lines
from gateway.cli.private_files import FileUnusable


@pytest.mark.parametrize(
    ("raw", "lines"),
    [
        (b"a\nb", [(1, b"a"), (2, b"b")]),
        (b"a\r\n\n  \nb\n", [(1, b"a\r"), (4, b"b")]),
        (b"\xef\xbb\xbfa\n", [(1, b"a")]),
        (b"\x00\xff\n", [(1, b"\x00\xff")]),
        ("a\u2028b\n".encode(), [(1, "a\u2028b".encode())]),
    ],
)
def test_lines_have_the_numbers_that_an_editor_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, raw: bytes, lines: list[tuple[int, bytes]]
) -> None:
    """Empty ones count, and are not lines of the import."""
    path = tmp_path / "people"
    path.write_bytes(raw)
    assert read_lines(str(path)) == lines

    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(raw)))
    assert read_lines("-") == lines


def test_a_file_that_cannot_be_read_or_holds_nothing_is_unusable(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.write_bytes(b"\n \n")
    for path in (empty, tmp_path, tmp_path / "nothing"):
        with pytest.raises(FileUnusable):
            read_lines(str(path))
