"""What a browser says of itself is shown again, to its person and on an operator's terminal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.user_agent import plain_user_agent

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0"


@pytest.mark.parametrize(
    ("header", "shown"),
    [
        ("", ""),
        (FIREFOX, FIREFOX),
        ("a\x1b[31mb\x00c\x7f\x9bd\r\n", "a[31mbcd"),
        ("caf\u00e9 \u202e\udcff", "caf "),
        ("x" * 201, "x" * 200),
        ("\x1b" * 500 + "y" * 500, "y" * 200),
    ],
)
def test_printable_ascii_is_kept_and_not_too_much_of_it(header: str, shown: str) -> None:
    assert plain_user_agent(header) == shown


@given(st.text(st.characters()))
def test_whatever_was_sent_a_terminal_only_prints_it(header: str) -> None:
    shown = plain_user_agent(header)

    assert len(shown) <= 200
    assert shown.isascii()
    assert shown.isprintable()
