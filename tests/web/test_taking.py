"""Who takes something of an answer now and then is served; who takes nothing for too long is not."""

import asyncio

import pytest

from gateway.web.taking import LEAST_STEP, MOST_STEP, Taking, step_of

PATIENCE = 60.0


class Buffer(asyncio.Transport):
    """A transport of which only that counts which is left to write."""

    def __init__(self) -> None:
        super().__init__()
        self.left = 100_000

    def get_write_buffer_size(self) -> int:
        return self.left


def test_who_has_taken_all_is_never_late() -> None:
    """Cronofy may pause, or the answer be over."""
    taking, buffer = Taking(), Buffer()
    assert not taking.has_stalled(buffer, 1_000.0, PATIENCE)
    taking.pause(1_000.0)
    taking.resume()
    assert not taking.has_stalled(buffer, 2_000.0, PATIENCE)


def test_who_takes_nothing_is_late_after_the_timeout() -> None:
    taking, buffer = Taking(), Buffer()
    taking.pause(1_000.0)
    late = [at for at in range(1_000, 1_100) if taking.has_stalled(buffer, float(at), PATIENCE)]
    assert late[0] == 1_060


def test_who_takes_a_little_now_and_then_is_not_late_until_it_stops() -> None:
    taking, buffer = Taking(), Buffer()
    taking.pause(1_000.0)
    for at in range(1_000, 3_000):
        if at % 50 == 0:
            buffer.left -= 1_000
        assert not taking.has_stalled(buffer, float(at), PATIENCE)
    assert taking.has_stalled(buffer, 2_950.0 + PATIENCE, PATIENCE)


def test_what_is_written_meanwhile_is_not_taken() -> None:
    """Whoever writes is told to wait, but may have had one more piece in its hand."""
    taking, buffer = Taking(), Buffer()
    taking.pause(1_000.0)
    assert not taking.has_stalled(buffer, 1_001.0, PATIENCE)
    buffer.left += 64_000
    assert not taking.has_stalled(buffer, 1_059.0, PATIENCE)
    assert taking.has_stalled(buffer, 1_060.0, PATIENCE)


@pytest.mark.parametrize(("timeout", "step"), [(60.0, MOST_STEP), (2.0, 0.5), (0.001, LEAST_STEP)])
def test_looks_are_seldom_but_several_within_the_timeout(timeout: float, step: float) -> None:
    assert step_of(timeout) == step
