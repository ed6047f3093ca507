import time

import pytest

from tests.emulator.visitor import Visitor


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
