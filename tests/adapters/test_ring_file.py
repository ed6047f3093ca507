"""A new key goes in front of the ring's file, whole or not at all."""

import stat
from pathlib import Path

import pytest

from gateway.adapters.key_ring import KeyRingInvalid, generate_key, parse_key_ring
from gateway.adapters.ring_file import put_in_front


def test_the_new_key_stands_in_front_and_the_rights_stay(tmp_path: Path) -> None:
    path, old, new = tmp_path / "ring", generate_key(), generate_key()
    path.write_text(old + "\n")
    path.chmod(0o640)
    put_in_front(path, new)

    assert parse_key_ring(path.read_text()) == parse_key_ring(f"{new};{old}")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_is_no_ring_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "ring"
    path.write_text("a letter\n")
    with pytest.raises(KeyRingInvalid):
        put_in_front(path, generate_key())
    with pytest.raises(OSError, match="nowhere"):
        put_in_front(tmp_path / "nowhere", generate_key())

    assert path.read_text() == "a letter\n"
    assert list(tmp_path.iterdir()) == [path]


def test_the_same_key_twice_is_refused(tmp_path: Path) -> None:
    path, key = tmp_path / "ring", generate_key()
    path.write_text(key)
    with pytest.raises(KeyRingInvalid):
        put_in_front(path, key)
