"""A tenth of the rate limit, whatever comes."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.look_up_budget import BOUND, UNBOUND, LookUpBudget

PER_SECOND, PER_MINUTE = BOUND


@given(st.lists(st.floats(0.0, 2.0), max_size=300))
def test_no_second_and_no_minute_sees_more_than_its_share(steps: list[float]) -> None:
    budget, now, taken = LookUpBudget(*BOUND), 1_000.0, list[float]()
    for step in steps:
        now += step
        if budget.take(now):
            taken.append(now)
        assert 0.0 <= budget.share(now) <= 1.0
    for at in taken:
        assert sum(at - 1.0 < other <= at for other in taken) <= PER_SECOND
        assert sum(at - 60.0 < other <= at for other in taken) <= PER_MINUTE


def test_what_is_left_is_given() -> None:
    budget = LookUpBudget(*BOUND)
    assert [budget.take(0.5) for _ in range(7)] == [True] * 4 + [False] * 3
    assert budget.take(1.6)
    assert budget.share(1.6) == 5 / PER_MINUTE


def test_both_parts_together_are_a_tenth_of_what_cronofy_allows() -> None:
    assert (BOUND[0] + UNBOUND[0], BOUND[1] + UNBOUND[1]) == (50 / 10, 500 / 10)


def test_several_nodes_together_stay_within_it() -> None:
    budgets = [LookUpBudget(*BOUND) for _ in range(4)]
    taken = sum(budget.take(float(second), nodes=4) for second in range(50) for budget in budgets for _ in range(5))
    assert taken == PER_MINUTE
    assert budgets[0].share(49.0, nodes=4) == 1.0


def test_each_of_very_many_nodes_has_one() -> None:
    budget = LookUpBudget(*BOUND)
    assert [budget.take(0.5, nodes=1_000) for _ in range(2)] == [True, False]
