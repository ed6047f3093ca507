"""How long a session lives, and when a token is renewed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.session_times import Lifetimes, needs_refresh

HOUR, DAY = 3_600.0, 86_400.0
TIMES = Lifetimes(idle=HOUR, absolute=DAY)


@pytest.mark.parametrize(
    ("seen_at", "now", "over"),
    [
        (0.0, HOUR - 0.1, False),
        (0.0, HOUR, True),
        (HOUR, 2 * HOUR - 0.1, False),
        (DAY - 1, DAY - 0.1, False),
        (DAY - 1, DAY, True),  # used a second ago, and over all the same
    ],
)
def test_a_session_ends_unused_or_a_fixed_time_after_the_sign_in(seen_at: float, now: float, *, over: bool) -> None:
    """Idle and absolute, whichever comes first; the very moment counts as over."""
    assert TIMES.is_over(created_at=0.0, seen_at=seen_at, now=now) is over


@given(seen=st.floats(0, 10 * DAY), idle=st.floats(1, DAY), absolute=st.floats(1, DAY))
def test_no_use_prolongs_a_session_past_its_absolute_end(seen: float, idle: float, absolute: float) -> None:
    assert Lifetimes(idle, absolute).ends_at(created_at=0.0, seen_at=seen) <= absolute


@pytest.mark.parametrize(
    ("idle", "seconds", "written"),
    [(HOUR, 59.9, False), (HOUR, 60.0, True), (100.0, 9.9, False), (100.0, 10.0, True)],
)
def test_a_use_is_written_once_a_minute_or_more_often_for_a_short_idle_time(
    idle: float, seconds: float, *, written: bool
) -> None:
    assert Lifetimes(idle, DAY).needs_write(seen_at=0.0, now=seconds) is written


@given(idle=st.floats(1, DAY), gap=st.floats(0, DAY))
def test_a_use_that_was_not_written_costs_a_tenth_of_the_idle_time_at_most(idle: float, gap: float) -> None:
    """Else a session in steady use could end."""
    if not Lifetimes(idle, DAY).needs_write(seen_at=0.0, now=gap):
        assert gap < idle / 10 + 1e-9


@pytest.mark.parametrize(("left", "refreshed"), [(61.0, False), (60.0, True), (1.0, True), (-1.0, True)])
def test_a_token_is_renewed_a_margin_before_its_end(left: float, *, refreshed: bool) -> None:
    assert needs_refresh(expires_at=1_000.0 + left, now=1_000.0) is refreshed
    assert needs_refresh(expires_at=1_000.0 + left, now=1_000.0, margin=0.0) is (left <= 0)
