"""What holds tokens is its owner's alone, there whole or not at all, and takes nobody's place by accident."""

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.cli.private_files import FileUnusable, fresh_file, new_file


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def _open_umask() -> Iterator[None]:
    """A process whose files everybody may read and write."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("_open_umask")
@pytest.mark.parametrize("force", [False, True])
def test_a_new_file_is_its_owners_alone(tmp_path: Path, force: bool) -> None:
    path = tmp_path / "out"
    with new_file(path, force=force) as file:
        file.write(b"tokens")
        (part,) = tmp_path.iterdir()
        assert mode(part) == 0o600
    assert (path.read_bytes(), mode(path), list(tmp_path.iterdir())) == (b"tokens", 0o600, [path])


def test_a_file_that_is_there_is_written_over_by_force_alone(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_bytes(b"before")
    path.chmod(0o644)
    with pytest.raises(FileUnusable, match="--force"), new_file(path, force=False):
        pytest.fail("it was opened")
    assert path.read_bytes() == b"before"

    with new_file(path, force=True) as file:
        file.write(b"after")
    assert (path.read_bytes(), mode(path)) == (b"after", 0o600)


def test_a_file_that_came_meanwhile_keeps_its_place(tmp_path: Path) -> None:
    path = tmp_path / "out"
    with pytest.raises(FileUnusable), new_file(path, force=False):
        path.write_bytes(b"another's")
    assert (path.read_bytes(), list(tmp_path.iterdir())) == (b"another's", [path])


@pytest.mark.parametrize("force", [False, True])
def test_a_write_that_fails_leaves_things_as_they_were(tmp_path: Path, force: bool) -> None:
    path = tmp_path / "out"
    if force:
        path.write_bytes(b"before")

    def write_half() -> None:
        with new_file(path, force=force) as file:
            file.write(b"half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_half()
    assert [one.read_bytes() for one in tmp_path.iterdir()] == ([b"before"] if force else [])


@pytest.mark.parametrize("force", [False, True])
def test_only_a_plain_file_can_be_named(tmp_path: Path, force: bool) -> None:
    for path in (tmp_path, Path(os.devnull), tmp_path / "nowhere" / "out"):
        with pytest.raises(FileUnusable), new_file(path, force=force):
            pytest.fail("it was opened")


def test_a_report_may_take_an_older_ones_place_but_not_the_imported_files(tmp_path: Path) -> None:
    source, report = tmp_path / "people", tmp_path / "report"
    source.write_bytes(b"people")
    report.write_bytes(b"an older report")
    with fresh_file(report, beside=str(source)) as file:
        file.write(b"new")
    assert report.read_bytes() == b"new"

    alias = tmp_path / "alias"
    alias.symlink_to(source)
    for path in (source, alias):
        with pytest.raises(FileUnusable), fresh_file(path, beside=str(source)):
            pytest.fail("it was opened")
    assert source.read_bytes() == b"people"
    with pytest.raises(FileUnusable), fresh_file(tmp_path, beside="-"):
        pytest.fail("it was opened")


def test_a_folder_that_is_not_there_is_told_by_the_name_that_was_asked_for(tmp_path: Path) -> None:
    """The name of the half-written file would say nothing to whoever named another one."""
    path = tmp_path / "nowhere" / "people.jsonl"
    with pytest.raises(FileUnusable, match=f"^{re.escape(str(path))} cannot be written"), new_file(path, force=False):
        pass
