"""The system's clock."""

import time

from gateway.adapters.clock import SystemClock


def test_it_tells_unix_time_in_seconds() -> None:
    before = time.time()
    assert before <= SystemClock().now() <= time.time()
