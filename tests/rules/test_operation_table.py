"""A request is matched to the row that it is, and to none where it is none."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.error_codes import Code
from tests.rules.test_operations import DOCUMENTED, match, named, refusal


@pytest.mark.parametrize("line", DOCUMENTED)
def test_a_trailing_slash_makes_no_difference(line: str) -> None:
    """The PHP SDK deletes available periods at a path that ends in one."""
    path, mark, query = line.partition("?")

    assert match(f"{path.removesuffix('/')}/{mark}{query}") == match(line)


def test_head_is_get() -> None:
    assert match("HEAD /v1/userinfo").operation is named("userinfo")
    assert refusal("HEAD /v1/batch").code is Code.METHOD_NOT_ALLOWED


@pytest.mark.parametrize(
    ("line", "allow"),
    [
        ("PUT /v1/userinfo", "GET, HEAD"),
        ("POST /v1/events", "DELETE, GET, HEAD"),
        ("GET /v1/calendars/cal_1/events", "DELETE, POST"),
        ("PATCH /v1/calendars/cal_1/events/", "DELETE, POST"),
        ("get /v1/userinfo", "GET, HEAD"),
        ("OPTIONS /v1/batch", "POST"),
        ("DELETE /v1/available_periods/pages/x", "GET, HEAD"),
        (" /v1/batch", "POST"),
    ],
)
def test_another_method_is_told_which_ones_there_are(line: str, allow: str) -> None:
    """RFC 9110 section 15.5.6: a 405 has an Allow header."""
    refused = refusal(line)

    assert refused.code is Code.METHOD_NOT_ALLOWED
    assert refused.headers == {"Allow": allow}


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/v1",
        "/v1/",
        "/v2/userinfo",
        "/V1/userinfo",
        "/v1/Userinfo",
        "/v1/userinfo.json",
        "/v1/userinfo/x",
        "/v1/c%61lendars",
        "/%761/calendars",
        "/v1/events/p%61ges/1",
        "/v1/calendars/cal_1/event%73",
        "/v1/calendars/cal_1",
        "/v1/calendars/cal_1/events/e",
        "/v1/events/pages",
        "/v1/scheduler_requests",
        "/oauth/token",
        "/oauth/authorize",
        "/v1/oauth/token",
        "/v1/profiles/x/y/revoke",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_what_is_no_row_is_unknown(method: str, target: str) -> None:
    """Literal segments count as sent: what they decode to is somebody else's reading (CVE-2026-27587)."""
    assert refusal(f"{method} {target}").code is Code.OPERATION_UNKNOWN


@given(st.text(st.characters(min_codepoint=0x21, codec="utf-8", exclude_characters="/\\%;#?\x7f"), min_size=1))
def test_a_value_of_the_path_is_decoded_once(calendar_id: str) -> None:
    if calendar_id in {".", ".."}:
        return
    found = match(f"POST /v1/calendars/{quote(calendar_id, safe='@')}/events")

    assert found.operation is named("upsert_event")
    assert found.values == {"calendar_id": calendar_id}
