"""A line of an import names a connection, or says what is wrong with it without a word of it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.import_lines import LONGEST_LINE, ImportLine, LineUnusable, read_import_line

CANARY = "canary-0123456789-abcdefghijklmn"


def read(**members: Any) -> ImportLine:
    return read_import_line(json.dumps({"refresh_token": CANARY, **members}).encode())


def complaint(raw: bytes | dict[str, Any]) -> str:
    with pytest.raises(LineUnusable) as caught:
        read_import_line(raw if isinstance(raw, bytes) else json.dumps(raw).encode())
    return str(caught.value)


def test_a_refresh_token_is_enough() -> None:
    assert read() == ImportLine(CANARY, "", "")


@pytest.mark.parametrize(
    ("members", "account"),
    [
        ({"sub": "acc_1"}, "acc_1"),
        ({"account_id": "acc_1"}, "acc_1"),
        ({"service_account_id": "ser_1"}, "ser_1"),
        ({"sub": "apc_1-_x"}, "apc_1-_x"),
        ({"sub": "acc_1", "account_id": "acc_2"}, "acc_1"),
        ({"sub": None, "account_id": "", "service_account_id": "ser_1"}, "ser_1"),
        ({"sub": None}, ""),
    ],
)
def test_the_account_goes_by_the_names_of_cronofys_replies(members: dict[str, Any], account: str) -> None:
    """SQL puts null where nothing is known."""
    assert read(**members).account == account


@pytest.mark.parametrize(("scope", "known"), [("a b", "a b"), (None, ""), (7, ""), ("a\nb", ""), ("é", "")])
def test_a_scope_that_cannot_be_one_is_left_out(scope: object, known: str) -> None:
    """The refresh's own answer names the scope; the line's is only for an answer that does not."""
    assert read(scope=scope).scope == known


def test_further_members_are_nobodys_business() -> None:
    assert read(id=7, email="ada@example.com", access_token="x", profiles=[{}]) == ImportLine(CANARY)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "it is not JSON"),
        (b"refresh_token,sub", "it is not JSON"),
        (f'{{"refresh_token": "{CANARY}"'.encode(), "it is not JSON"),
        (f'["{CANARY}"]'.encode(), "it is not a JSON object"),
        (f'"{CANARY}"'.encode(), "it is not a JSON object"),
        (f'{{"refresh_token": "{CANARY}"}}'.encode("utf-16"), "it is not UTF-8"),
        (f'{{"refresh_token": "{CANARY}", "refresh_token": "x"}}'.encode(), "it names a member more than once"),
        (b"[" * 60_000, "it is not JSON"),
        (b" " * (LONGEST_LINE + 1), f"it is longer than {LONGEST_LINE} bytes"),
        ({}, "refresh_token is missing"),
        ({"refresh_token": None}, "refresh_token is missing"),
        ({"refresh_token": ""}, "refresh_token is missing"),
        ({"token": CANARY, CANARY: 1}, "refresh_token is missing"),
        ({"refreshToken": CANARY}, "refresh_token is missing; it has refreshToken instead"),
        ({"refresh-token": CANARY}, "refresh_token is missing; it has refresh-token instead"),
        ({"refesh_token": CANARY}, "refresh_token is missing; it has refesh_token instead"),
        ({"REFRESH_TOKEN": CANARY}, "refresh_token is missing; it has REFRESH_TOKEN instead"),
        ({"refresh_token\n": CANARY}, "refresh_token is missing"),
        ({"refresh_token": 7}, "refresh_token is no token: a text of 1 to 4096 visible characters"),
        ({"refresh_token": f"{CANARY}\n"}, "refresh_token is no token: a text of 1 to 4096 visible characters"),
        ({"refresh_token": "x" * 4097}, "refresh_token is no token: a text of 1 to 4096 visible characters"),
        ({"refresh_token": CANARY, "sub": 7}, "sub is no account's id, such as acc_…"),
        ({"refresh_token": CANARY, "sub": CANARY}, "sub is no account's id, such as acc_…"),
        ({"refresh_token": CANARY, "account_id": "acc 1"}, "account_id is no account's id, such as acc_…"),
        ({"refresh_token": "acc_1", "sub": "acc_1"}, "sub and refresh_token are the same"),
    ],
)
def test_a_line_that_cannot_be_used_is_complained_about_without_a_word_of_it(
    raw: bytes | dict[str, Any], said: str
) -> None:
    told = complaint(raw)
    assert told == said
    assert "canary" not in told


def test_a_line_shows_no_token() -> None:
    assert "canary" not in repr(read())


def told_of(raw: bytes) -> str:
    """Return what is complained about, whatever a line holds; empty for one that can be used."""
    try:
        read_import_line(raw)
    except LineUnusable as unusable:
        return str(unusable)
    return ""


@given(st.binary(max_size=300))
def test_any_bytes_are_a_line_or_a_short_complaint(raw: bytes) -> None:
    assert len(told_of(raw)) < 100


_TEXTS = st.sampled_from([CANARY, f"{CANARY} ", f"acc_{CANARY}", "", "refresh_token", "sub", "refreshtoken"])
_VALUES = st.recursive(
    _TEXTS | st.none() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(_TEXTS, inner)
)


@given(st.dictionaries(_TEXTS | st.sampled_from(["account_id", "scope"]), _VALUES), st.integers(0, 200))
def test_no_complaint_quotes_a_value(members: dict[str, Any], cut: int) -> None:
    """Tokens may stand in the wrong column, or be names; the line may end in the middle of one."""
    whole = json.dumps(members).encode()
    for raw in (whole, whole[:cut]):
        assert "canary" not in told_of(raw)
