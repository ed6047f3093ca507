"""`POST /auth/callbacks/{secret}`."""

import pytest

from gateway.flows.callback_book import CallbackBook
from gateway.flows.delegated_callbacks import MAX_CALLBACK_BYTES, Undelivered
from gateway.rules.callback_signatures import SIGNATURE_HEADER, sign
from tests.flows.fakes import Kit, client
from tests.web.conftest import Client

RAW = b'{"authorization":{"code":"code-1"}}'
JSON = {"Content-Type": "application/json"}


async def path(one: Kit) -> str:
    book = CallbackBook(one.records, one.clock)
    secret = await book.make(client("a"), "https://a.test/hook", parent="ser_1", scope="s")
    return f"/auth/callbacks/{secret}"


def signed(raw: bytes = RAW, *more: str) -> dict[str, str]:
    return {**JSON, SIGNATURE_HEADER: sign(raw, [*more, "cronofy-secret"])}


async def test_what_the_app_takes_is_a_200_without_a_body(one: Kit, http: Client) -> None:
    async with http.post(await path(one), data=RAW, headers=signed(RAW, "another")) as answer:
        assert (answer.status, await answer.read()) == (200, b"")
    assert [posted[:2] for posted in one.posts.posted] == [("https://a.test/hook", RAW)]


async def test_signatures_may_come_in_several_lines(one: Kit, http: Client) -> None:
    headers = [*JSON.items(), (SIGNATURE_HEADER, "bm8="), (SIGNATURE_HEADER, sign(RAW, ["cronofy-secret"]))]
    async with http.post(await path(one), data=RAW, headers=headers) as answer:
        assert answer.status == 200


@pytest.mark.parametrize(
    ("there", "headers", "status", "code"),
    [
        (True, JSON, 403, "callback_signature_refused"),
        (True, {**JSON, SIGNATURE_HEADER: "bm8="}, 403, "callback_signature_refused"),
        (False, signed(), 404, "callback_unknown"),
    ],
)
async def test_a_refusal_is_told_in_one_shape(
    one: Kit, http: Client, headers: dict[str, str], status: int, code: str, *, there: bool
) -> None:
    where = await path(one) if there else "/auth/callbacks/" + "x" * 43
    async with http.post(where, data=RAW, headers=headers) as answer:
        assert (answer.status, answer.headers["Gateway-Error"]) == (status, code)
        assert (await answer.json(content_type=None))["code"] == code
    assert one.posts.posted == []


@pytest.mark.parametrize(("reason", "status"), [("timeout", 504), ("unreachable", 502)])
async def test_an_app_that_is_away_is_told_so_that_cronofy_comes_again(
    one: Kit, http: Client, reason: str, status: int
) -> None:
    one.posts.answer = Undelivered(reason)
    async with http.post(await path(one), data=RAW, headers=signed()) as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (status, "5")
        assert "a.test" not in await answer.text()


async def test_a_large_body_is_refused(one: Kit, http: Client) -> None:
    raw = b'"' + b"x" * MAX_CALLBACK_BYTES + b'"'
    async with http.post(await path(one), data=raw, headers=signed(raw)) as answer:
        assert answer.status == 413
    assert one.posts.posted == []


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_only_posts_are_taken(one: Kit, http: Client, method: str) -> None:
    async with http.request(method, await path(one)) as answer:
        assert (answer.status, answer.headers["Allow"]) == (405, "POST")
