from hypothesis import given
from hypothesis import strategies as st

from gateway.emulator.free_time import Group, Opening, Span, openings, slots

spans = st.lists(st.tuples(st.integers(0, 50), st.integers(1, 20)).map(lambda s: (float(s[0]), float(s[0] + s[1]))))


def test_everyone_required_must_be_free() -> None:
    busy: dict[str, list[Span]] = {"a": [(10, 20)], "b": [(30, 40)]}
    found = openings(periods=[(0, 60)], groups=[Group(("a", "b"), 2)], busy=busy, duration=10)

    assert found == [Opening(0, 10, ("a", "b")), Opening(20, 30, ("a", "b")), Opening(40, 60, ("a", "b"))]


def test_one_of_a_group_may_be_enough() -> None:
    busy: dict[str, list[Span]] = {"a": [(0, 30)], "b": [(30, 60)]}
    found = openings(periods=[(0, 60)], groups=[Group(("a", "b"), 1)], busy=busy, duration=10)

    assert found == [Opening(0, 30, ("b",)), Opening(30, 60, ("a",))]


def test_what_is_too_short_is_left_out() -> None:
    assert openings(periods=[(0, 9)], groups=[Group(("a",), 1)], busy={}, duration=10) == []


def test_slots_fit_into_their_opening() -> None:
    found = slots([Opening(0, 25, ("a",))], duration=10, step=5)

    assert [(one.start, one.end) for one in found] == [(0, 10), (5, 15), (10, 20), (15, 25)]


@given(spans, spans)
def test_nobody_is_busy_in_an_opening(first: list[Span], second: list[Span]) -> None:
    busy = {"a": first, "b": second}
    for one in openings(periods=[(0, 60)], groups=[Group(("a", "b"), 2)], busy=busy, duration=1):
        assert 0 <= one.start < one.end <= 60
        assert not any(start < one.end and one.start < end for start, end in first + second)
