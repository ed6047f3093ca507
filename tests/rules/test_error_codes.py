"""Every code has a status, a title and a way out."""

import re
from http import HTTPStatus

import pytest

from gateway.rules.error_codes import MEANINGS, Code


def test_every_code_is_in_the_table_and_nothing_else() -> None:
    assert set(MEANINGS) == set(Code)


@pytest.mark.parametrize("code", list(Code))
def test_a_code_has_an_error_status_and_two_sentences(code: Code) -> None:
    status, title, way_out = MEANINGS[code]

    assert 400 <= HTTPStatus(status) < 600
    assert title[:1].isupper()
    assert not title.endswith(".")
    assert way_out[:1].isupper()
    assert way_out.endswith(".")
    assert (title + way_out).isascii()


@pytest.mark.parametrize("code", list(Code))
def test_a_code_is_one_word_for_programs(code: Code) -> None:
    """It stands in a header, a query and a JSON body, and needs no quoting in any of them."""
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", code.value)
    assert code.name.lower() == code.value


@pytest.mark.parametrize("code", [Code.INTEGRATED_CONFERENCING_REFUSED, Code.SCOPE_REQUIRED, Code.INVALID_FIELD])
def test_what_a_rule_forbids_in_a_body_is_422(code: Code) -> None:
    """A client app may throw its tokens away on 403 and loop on 401; a 422 names the field instead."""
    assert MEANINGS[code].status == 422


@pytest.mark.parametrize("code", [code for code in Code if code.value.startswith("upstream_")])
def test_what_cronofy_did_wrong_is_a_bad_gateway(code: Code) -> None:
    assert MEANINGS[code].status in {502, 504}


def test_the_token_endpoint_answers_400_as_rfc_6749_wants_it() -> None:
    names = ("invalid_request", "invalid_client", "invalid_grant", "invalid_scope", "unsupported_grant_type")

    assert {MEANINGS[Code(name)].status for name in names} == {400}
