import pytest
from aiohttp.test_utils import make_mocked_request

from gateway.emulator.bodies import (
    UnreadableBodyError,
    is_true,
    number_within,
    object_of,
    objects_of,
    read_body,
    text_of,
    texts_of,
)


async def read(raw: bytes, content_type: str = "application/json") -> dict[str, object]:
    request = make_mocked_request("POST", "/", headers={"Content-Type": content_type})
    request._read_bytes = raw
    return dict(await read_body(request))


@pytest.mark.parametrize("raw", [b"", b" \n", b"{}", b"[]"])
async def test_nothing_comes_in_four_shapes(raw: bytes) -> None:
    """Python sends {} and PHP sends [] where others send no body."""
    assert await read(raw) == {}


async def test_forms_and_json_read_the_same() -> None:
    form = await read(b"a=1&b=x+y&c=", "application/x-www-form-urlencoded; charset=utf-8")

    assert form == {"a": "1", "b": "x y", "c": ""}
    assert await read(b'{"a":"1","b":"x y","c":""}') == form


@pytest.mark.parametrize("raw", [b"{", b"[1]", b'"text"', b"null", b"\xff\xfe", b"[" * 100_000])
async def test_anything_else_is_unreadable(raw: bytes) -> None:
    with pytest.raises(UnreadableBodyError):
        await read(raw)


def test_fields_of_another_type_count_as_missing() -> None:
    body = {"n": 5, "t": "x", "o": {"a": 1}, "l": [{"a": 1}, 2], "s": "a b"}

    assert (text_of(body, "t"), text_of(body, "n"), text_of(body, "none")) == ("x", "", "")
    assert (object_of(body, "o"), object_of(body, "t")) == ({"a": 1}, {})
    assert (objects_of(body, "l"), objects_of(body, "o")) == ([{"a": 1}, {}], [])
    assert (texts_of(body, "s"), texts_of(body, "l"), texts_of(body, "n")) == (["a", "b"], [], [])


@pytest.mark.parametrize("value", [True, "true", "True", "1", 1])
def test_truth_has_many_spellings(value: object) -> None:
    assert is_true(value)


@pytest.mark.parametrize("value", [False, "false", "False", "0", 0, None, "", [], {}, ["true"]])
def test_everything_else_is_false(value: object) -> None:
    assert not is_true(value)


@pytest.mark.parametrize(("value", "number"), [(0, 0.0), (10, 10.0), (2.5, 2.5), (10.0, 10.0)])
def test_a_number_is_taken_within_its_bounds(value: object, number: float) -> None:
    assert number_within(value, 0, 10) == number


@pytest.mark.parametrize("value", [-1, 10.5, True, "5", None, [5], float("nan"), float("inf"), 10**400])
def test_anything_else_is_no_number(value: object) -> None:
    """JSON as Python reads it has NaN, Infinity and integers that no float can hold."""
    assert number_within(value, 0, 10) is None


@pytest.mark.parametrize(("value", "number"), [(5, 5.0), (5.0, None), (5.5, None)])
def test_a_count_is_a_whole_number(value: object, number: float | None) -> None:
    assert number_within(value, 0, 10, whole=True) == number
