"""A pace gives out turns evenly: no second sees more than its share, the first one included."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.pace import Pace

NOW = 1_800_000_000.0


def test_turns_come_one_after_the_other() -> None:
    pace = Pace(5)
    assert [pace.reserve(NOW) for _ in range(4)] == pytest.approx([0.0, 0.2, 0.4, 0.6])


def test_turns_that_nobody_took_are_not_saved_up() -> None:
    pace = Pace(5)
    pace.reserve(NOW)
    assert [pace.reserve(NOW + 60) for _ in range(2)] == pytest.approx([0.0, 0.2])


def test_nobody_has_a_turn_before_a_hold_is_over() -> None:
    pace = Pace(5)
    pace.hold(NOW + 10)
    pace.hold(NOW + 1)
    assert [pace.reserve(NOW) for _ in range(2)] == pytest.approx([10.0, 10.2])


@given(st.floats(0.1, 50), st.lists(st.floats(0, 3), min_size=1, max_size=80))
def test_no_second_sees_more_than_its_share(rate: float, gaps: list[float]) -> None:
    """Cronofy counts over its own seconds, so every one must do."""
    pace, now, turns = Pace(rate), 0.0, []
    for gap in gaps:
        now += gap
        turns.append(now + pace.reserve(now))
    for first in turns:
        assert sum(first <= one < first + 1.0 for one in turns) <= rate + 1.001
