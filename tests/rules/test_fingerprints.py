"""A fingerprint names a secret without keeping it."""

import re
from hashlib import sha256
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.fingerprints import fingerprint, is_fingerprint

PARTS = st.lists(st.text(max_size=6), max_size=4)


def test_a_fingerprint_is_pinned() -> None:
    """It is stored: another algorithm would forget every binding."""
    measured = b"cronofy-gateway/1/token\0" + bytes([0, 0, 0, 0, 0, 0, 0, 3]) + b"abc"

    assert fingerprint("token", "abc") == sha256(measured).hexdigest()


@given(PARTS, PARTS)
def test_two_lists_of_parts_never_share_a_name(left: list[str], right: list[str]) -> None:
    """Crafted parts that hold the separator of another scheme (CVE-2026-71326) change nothing."""
    assert (fingerprint("k", *left) == fingerprint("k", *right)) is (left == right)


@given(st.text(min_size=1, max_size=12), st.data())
def test_parts_are_measured(text: str, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(text)))

    assert fingerprint("k", text) != fingerprint("k", text[:cut], text[cut:])


def test_kinds_are_kept_apart() -> None:
    names = [fingerprint(kind, "abc") for kind in ("token", "secret", "redirect", "toke")]

    assert all(one != other for one, other in pairwise(sorted(names)))
    assert fingerprint("token") != fingerprint("token", "")


@given(st.text(st.characters(), max_size=20))
def test_any_text_has_a_name_that_does_not_show_it(text: str) -> None:
    """A header's damaged bytes reach this as lone surrogates."""
    assert re.fullmatch(r"[0-9a-f]{64}", fingerprint("token", text))


def test_a_fingerprint_is_told_by_its_shape() -> None:
    name = fingerprint("token", "abc")

    assert is_fingerprint(name)
    assert not any(
        map(is_fingerprint, ("", name[1:], name + "0", name.upper(), name[:-1] + "\n", name + "\n", "\0" * 64))
    )
