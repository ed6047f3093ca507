import asyncio
import time

import pytest

from tests.emulator.visitor import Visitor
from tests.journeys.waiting import until


@pytest.mark.parametrize(
    ("accepted", "is_packed"),
    [
        ("gzip, deflate", True),
        ("deflate;q=0.5, gzip;q=1.0", True),
        ("gzip;q=0", False),
        ("identity", False),
        ("", False),
    ],
)
async def test_long_answers_are_packed_if_asked(visitor: Visitor, accepted: str, is_packed: bool) -> None:
    await visitor.connect()
    response = await visitor.call("GET", "/v1/events", headers={"Accept-Encoding": accepted})

    assert (response.headers.get("Content-Encoding") == "gzip") is is_packed
    assert response.headers["Vary"] == "Accept-Encoding"
    assert len((await response.json())["events"]) == 20


async def test_short_answers_are_not(visitor: Visitor) -> None:
    await visitor.connect()
    response = await visitor.call("GET", "/v1/account", headers={"Accept-Encoding": "gzip"})

    assert "Content-Encoding" not in response.headers


@pytest.mark.parametrize("path", ["/v1/nothing", "/v2/userinfo", "/nothing", "/v1/", "/_emulator/nothing"])
async def test_an_unknown_path_is_a_404_in_json(visitor: Visitor, path: str) -> None:
    assert await visitor.json("GET", path, status=404) == {"error": "not_found"}


async def test_a_wrong_method_is_a_405_in_json(visitor: Visitor) -> None:
    response = await visitor.call("PUT", "/v1/events")

    assert response.status == 405
    assert response.headers["Allow"] == "DELETE,GET"
    assert await response.json() == {"error": "method_not_allowed"}


async def test_a_fault_can_be_a_mere_delay(visitor: Visitor) -> None:
    await visitor.connect()
    await visitor.json("POST", "/_emulator/faults", {"path": "/v1/userinfo", "delay": 0.1})
    before = time.monotonic()
    status = await visitor.status("GET", "/v1/userinfo")

    assert status == 200
    assert time.monotonic() - before >= 0.09


async def test_an_answer_can_be_late_when_the_work_is_done(visitor: Visitor) -> None:
    """A test waits for the count, and knows that the refresh token was replaced while nobody has heard of it."""
    await visitor.json("POST", "/_emulator/tokens/rotate", {"on": True})
    old = str((await visitor.connect())["refresh_token"])
    await visitor.json("POST", "/_emulator/faults", {"path": "/oauth/token", "delay": 60, "when": "after"})
    late = asyncio.create_task(visitor.refresh(old))
    await until(lambda: visitor.state.token_counts.refreshes == 1)
    second = await visitor.refresh(old)

    assert not late.done()
    assert second.status == 400
    late.cancel()
    await asyncio.gather(late, return_exceptions=True)


async def test_a_late_answer_is_the_one_that_was_made(visitor: Visitor) -> None:
    tokens = await visitor.connect()
    order = {"path": "/oauth/token", "delay": 0.1, "when": "after", "times": 2}
    await visitor.json("POST", "/_emulator/faults", order)
    before = time.monotonic()
    renewed = await visitor.refresh(str(tokens["refresh_token"]))
    between = time.monotonic()
    refused = await visitor.refresh("unknown")
    after = time.monotonic()

    assert (renewed.status, (await renewed.json())["refresh_token"]) == (200, tokens["refresh_token"])
    assert (refused.status, (await refused.json())["error"]) == (400, "invalid_grant")
    assert refused.headers["Cache-Control"] == "no-store"
    assert min(between - before, after - between) >= 0.09


@pytest.mark.parametrize(("when", "refreshes"), [("before", 0), ("after", 1)])
async def test_a_failure_comes_instead_of_the_work_or_instead_of_its_answer(
    visitor: Visitor, when: str, refreshes: int
) -> None:
    """After the work it stands for an answer that was lost on its way."""
    await visitor.json("POST", "/_emulator/tokens/rotate", {"on": True})
    old = str((await visitor.connect())["refresh_token"])
    await visitor.json("POST", "/_emulator/faults", {"path": "/oauth/token", "status": 502, "when": when})
    failed = await visitor.refresh(old)

    assert (failed.status, await failed.json()) == (502, {"error": "ordered_fault"})
    assert visitor.state.token_counts.refreshes == refreshes
    assert (await visitor.refresh(old)).status == (400 if refreshes else 200)
