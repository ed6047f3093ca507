"""What all tests share: hypothesis profiles and a clock that stands still until told."""

import os

import pytest
from hypothesis import HealthCheck, settings

from tests.clock import FakeClock

# The deep profile is for a long look at the rules: HYPOTHESIS_PROFILE=deep make test ARGS=tests/rules
settings.register_profile("fast", max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("deep", max_examples=5_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fast"))


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()
