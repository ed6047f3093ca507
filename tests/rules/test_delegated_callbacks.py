"""Judging and replacing the callback URLs of a body."""

from typing import Any

import pytest

from gateway.rules.callback_urls import complaint_about_passed_on
from gateway.rules.delegated_callbacks import (
    MOST_ENTRIES,
    code_in,
    judge_callback_urls,
    scopes_in,
    with_callback_urls,
)
from gateway.rules.delegated_scopes import COLLECTIONS
from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused

A, B = (
    {"email": f"{name}@example.com", "callback_url": f"https://app.test/{name}", "scope": f"free_busy_write {name}"}
    for name in "ab"
)
LISTED = {"service_account_authorizations": [A, B], "state": "s"}


def refusal(body: dict[str, Any]) -> RequestRefused:
    with pytest.raises(RequestRefused) as caught:
        judge_callback_urls(body, complaint_about_passed_on)
    return caught.value


@pytest.mark.parametrize(
    ("body", "names"), [(A, "a"), (LISTED, "ab"), ({COLLECTIONS[1]: [B]}, "b"), ({COLLECTIONS[0]: []}, "")]
)
def test_the_callback_urls_and_scopes_of_both_forms_are_found_in_order(body: dict[str, Any], names: str) -> None:
    assert judge_callback_urls(body, complaint_about_passed_on) == [f"https://app.test/{name}" for name in names]
    assert scopes_in(body) == [f"free_busy_write {name}" for name in names]


def test_each_url_is_replaced_and_nothing_else() -> None:
    assert with_callback_urls(A, ["https://gw.test/1"]) == {**A, "callback_url": "https://gw.test/1"}
    assert with_callback_urls(LISTED, ["https://gw.test/1", "https://gw.test/2"]) == {
        "service_account_authorizations": [
            {**A, "callback_url": "https://gw.test/1"},
            {**B, "callback_url": "https://gw.test/2"},
        ],
        "state": "s",
    }
    assert A["callback_url"] == "https://app.test/a"


@pytest.mark.parametrize(
    "bad", ["x", "", None, 7, ["https://app.test/a"], {"url": "https://app.test/a"}, "https://a.test/" + "x" * 128]
)
def test_a_bad_one_is_a_422_with_its_place(bad: object) -> None:
    refused = refusal({**A, "callback_url": bad})
    assert (refused.code, list(refused.fields)) == (Code.INVALID_FIELD, ["callback_url"])


def test_every_bad_one_of_a_list_is_named_and_the_whole_list_refused() -> None:
    missing = {key: value for key, value in A.items() if key != "callback_url"}
    refused = refusal({"delegated_authorizations": [A, {**B, "callback_url": "b"}, missing]})
    assert list(refused.fields) == [f"delegated_authorizations[{index}].callback_url" for index in (1, 2)]


def test_a_list_has_fifty_entries_at_most() -> None:
    """Each costs a record."""
    assert len(judge_callback_urls({COLLECTIONS[0]: [A] * MOST_ENTRIES}, complaint_about_passed_on)) == MOST_ENTRIES
    assert list(refusal({COLLECTIONS[0]: [A] * (MOST_ENTRIES + 1)}).fields) == [COLLECTIONS[0]]


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b'{"authorization":{"code":"c1","state":"s"}}', "c1"),
        (b'{"authorization":{"error":"unable_to_grant_scope","state":"s"}}', ""),
        (b'{"authorization":{"code":7}}', ""),
        (b'{"authorization":[]}', ""),
        (b'{"notification":{"type":"new"}}', ""),
        (b"[]", ""),
        (b"null", ""),
    ],
)
def test_a_code_is_found_where_there_is_one(raw: bytes, code: str) -> None:
    assert code_in(raw) == code


@pytest.mark.parametrize("raw", [b"", b"{", b'{"authorization":{"code":"a","code":"b"}}', b"\xff", b"[" * 5_000])
def test_what_two_readers_could_read_differently_is_refused(raw: bytes) -> None:
    with pytest.raises(RequestRefused):
        code_in(raw)
