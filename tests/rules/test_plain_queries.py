"""A plain query holds nothing that any rule looks at, whoever reads it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.account_names import query_names_accounts
from gateway.rules.bearer_parameter import BEARER_PARAMETER
from gateway.rules.element_tokens import names_element_token
from gateway.rules.method_override import refuse_override
from gateway.rules.operations import OPERATIONS
from gateway.rules.owned_objects import PLACES
from gateway.rules.plain_queries import PLAIN_NAMES, is_plain
from gateway.rules.queries import parse_query, seen_names

# `calendar_ids` names whose mode is told, which is looked up for each call.
LOOKED_AT = frozenset[str]().union(
    *(one.ruled_fields | one.queried for one in OPERATIONS if one.body == "streamed"),
    {BEARER_PARAMETER, "_method", "et", "only_managed"},
    {place.query for place in PLACES.values() if place.query},
)

PIECES = st.sampled_from(
    [*PLAIN_NAMES, *LOOKED_AT, "=", "&", ";", "%3D", "%26", "%3B", "[]", "2030-01-01", "+", " ", "?"]
)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "from=2030-01-01&to=2030-02-01&tzid=Etc/UTC",
        "calendar_ids[]=cal_1&calendar_ids%5B%5D=cal_2",
        "from=",
        "from=1&",
    ],
)
def test_the_parameters_of_reads_are_plain(query: str) -> None:
    assert is_plain(query)


@pytest.mark.parametrize(
    "query", ["from", "&from=1", "from=a=b", "from=1;et=x", "fr%6fm=1", "FROM=1", "from[]=1", "x=1"]
)
def test_any_other_spelling_is_not(query: str) -> None:
    assert not is_plain(query)


@given(st.lists(PIECES, max_size=8).map("".join) | st.text(max_size=30))
def test_no_rule_sees_anything_in_a_plain_query(query: str) -> None:
    if is_plain(query):
        seen = frozenset[str]().union(*(seen_names(one) for one in parse_query(query)))
        assert not seen & LOOKED_AT
        assert not names_element_token(query)
        assert not query_names_accounts(query)
        refuse_override(query)
