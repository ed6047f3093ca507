"""What a handle looks like."""

import pytest

from gateway.rules.authorization import bearer_token
from gateway.rules.handles import handle_kind, may_be_handle, write_handle


@pytest.mark.parametrize("kind", ["access", "refresh"])
def test_a_handle_says_what_it_is_and_is_a_bearer(kind: str) -> None:
    """Node sends undefined and Python None; a handle is neither, and no SDK has to know that it is no token."""
    handle = write_handle("access" if kind == "access" else "refresh", "A" * 43)
    assert handle_kind(handle) == kind
    assert may_be_handle(handle)
    assert bearer_token(f"Bearer {handle}") == handle
    assert handle.isascii()
    assert handle.isprintable()
    assert " " not in handle


@pytest.mark.parametrize("token", ["", "cga", "CGA_x", "a-token-of-cronofys", " cga_x"])
def test_other_tokens_are_none(token: str) -> None:
    assert handle_kind(token) is None
    assert not may_be_handle(token)


def test_an_endless_one_is_not_looked_up() -> None:
    """It is still a handle by its looks, so it is refused, and never taken for a token that came from elsewhere."""
    assert handle_kind("cga_" + "x" * 10_000) == "access"
    assert not may_be_handle("cga_" + "x" * 10_000)
