"""The table of what a mode means for an operation."""

import pytest

from gateway.rules.access_mode import RESTRICTED, AccessMode
from gateway.rules.mode_limits import INTEGRATED, LIMITS, WORKS, Effect, Rule, limit_of
from gateway.rules.operations import OPERATIONS

CONFERENCING = {one.name for one in OPERATIONS if one.conferencing}


@pytest.mark.parametrize(("operation", "part"), LIMITS)
def test_each_row_is_about_an_operation_and_a_restricted_mode(operation: str, part: str) -> None:
    assert operation in {one.name for one in OPERATIONS}
    assert set(LIMITS[operation, part]) <= RESTRICTED
    for limit in LIMITS[operation, part].values():
        assert limit.effect is not Effect.WORKS
        assert limit.how.endswith(".")
        assert (limit.rule is not None) == (limit.effect is Effect.REFUSED)


def test_integrated_conferencing_is_refused_wherever_a_body_is_judged_for_it() -> None:
    judged = {operation for operation, part in LIMITS if part == INTEGRATED}
    assert judged <= CONFERENCING
    for operation in judged:
        for mode in RESTRICTED:
            assert limit_of(operation, mode, INTEGRATED).rule is Rule.INTEGRATED_CONFERENCING
        assert limit_of(operation, AccessMode.READ_WRITE, INTEGRATED) is WORKS


@pytest.mark.parametrize("mode", [AccessMode.READ_WRITE, AccessMode.UNKNOWN, AccessMode.NOT_APPLICABLE])
def test_what_is_not_restricted_simply_works(mode: AccessMode) -> None:
    assert {limit_of(one.name, mode) for one in OPERATIONS} == {WORKS}
