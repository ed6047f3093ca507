"""A lost connection costs a safe call one more try, and nothing is done twice."""

from collections.abc import AsyncIterator

import pytest

from gateway.adapters.one_retry import ConnectionLost, read_whole, with_one_retry
from gateway.observe.metrics import Metrics
from gateway.rules.error_codes import Code
from gateway.rules.errors import CronofyUnavailable


class Sending:
    """Loses the connection so many times, then answers."""

    def __init__(self, losses: int) -> None:
        self.losses = losses
        self.tries = 0

    async def __call__(self) -> str:
        self.tries += 1
        if self.tries <= self.losses:
            raise ConnectionLost
        return "answer"


@pytest.mark.parametrize(
    ("method", "has_body", "losses", "tries", "answered"),
    [
        ("GET", False, 0, 1, True),
        ("GET", False, 1, 2, True),
        ("HEAD", False, 2, 2, False),
        ("GET", True, 1, 1, False),
        ("POST", False, 1, 1, False),
    ],
)
async def test_only_what_is_safe_is_sent_again_and_only_once(
    method: str, has_body: bool, losses: int, tries: int, answered: bool
) -> None:
    sending, metrics = Sending(losses), Metrics()
    if answered:
        assert await with_one_retry(sending, method, metrics, has_body=has_body) == "answer"
    else:
        with pytest.raises(CronofyUnavailable):
            await with_one_retry(sending, method, metrics, has_body=has_body)
    assert (sending.tries, metrics.upstream_retries._value.get()) == (tries, tries - 1)


async def test_a_body_past_the_limit_is_an_error_not_a_cut() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"ab"
        yield b"c"

    assert await read_whole(chunks(), 3) == b"abc"
    with pytest.raises(CronofyUnavailable) as caught:
        await read_whole(chunks(), 2)
    assert caught.value.code is Code.UPSTREAM_PAGE_TOO_LARGE
