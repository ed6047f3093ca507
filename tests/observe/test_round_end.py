"""What many ask for within a round of the event loop is done once, at its end."""

import asyncio

from gateway.observe.round_end import RoundEnd


async def test_the_work_is_done_once_a_round() -> None:
    done: list[int] = []
    end = RoundEnd(lambda: done.append(1))
    end.ask()
    end.ask()
    assert done == []
    await asyncio.sleep(0)
    assert done == [1]
    end.ask()
    await asyncio.sleep(0)
    assert done == [1, 1]


def test_it_is_done_at_once_where_no_event_loop_runs() -> None:
    done: list[int] = []
    end = RoundEnd(lambda: done.append(1))
    end.ask()
    end.ask()
    assert done == [1, 1]


async def test_work_that_fails_is_asked_for_again() -> None:
    asked: list[int] = []

    def fail() -> None:
        asked.append(1)
        raise ValueError

    end = RoundEnd(fail)
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    for _ in range(2):
        end.ask()
        await asyncio.sleep(0)
    assert asked == [1, 1]
