"""Each delegated account is asked for free_busy_write."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.client import Client, ClientId
from gateway.rules.delegated_scopes import COLLECTIONS, judge_delegated
from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused
from gateway.rules.scopes import ScopePolicy

GOOD = {"email": "a@example.com", "callback_url": "https://app.example.com/a?x=1", "scope": "free_busy_write"}
POOR = {"email": "b@example.com", "callback_url": "https://app.example.com/b", "scope": "read_only"}


def client(policy: ScopePolicy, *allowed: str) -> Client:
    return Client(ClientId("app"), frozenset(), "main", scope_policy=policy, allowed_scopes=frozenset(allowed))


STRICT, ADDING = client(ScopePolicy.REJECT), client(ScopePolicy.ADD)


def refusal(body: Any, whose: Client | None = STRICT) -> RequestRefused:
    with pytest.raises(RequestRefused) as caught:
        judge_delegated(body, whose)
    return caught.value


def test_a_single_one_passes_as_it_came() -> None:
    judged = judge_delegated(GOOD, STRICT)

    assert judged.body is GOOD
    assert not judged.changed


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_each_entry_of_a_collection_passes_as_it_came(collection: str) -> None:
    """Pycronofy puts a `state` beside the list."""
    body = {collection: [GOOD, {**GOOD, "callback_url": "https://app.example.com/c"}], "state": "s"}
    judged = judge_delegated(body, STRICT)

    assert (judged.body, judged.changed) == (body, False)


@pytest.mark.parametrize("whose", [STRICT, None])
@pytest.mark.parametrize("scope", ["read_only", "", None, [], ["read_only"], 7, True, {}, ["free_busy_write", 7]])
def test_a_single_one_without_it_is_refused(scope: object, whose: Client | None) -> None:
    """A caller that cannot be told apart gets the strict policy."""
    refused = refusal({**GOOD, "scope": scope}, whose)

    assert refused.code is Code.SCOPE_REQUIRED
    assert list(refused.fields) == ["scope"]


def test_an_absent_scope_is_refused() -> None:
    assert refusal({"email": "a@example.com"}).code is Code.SCOPE_REQUIRED


def test_every_poor_entry_of_a_collection_is_named() -> None:
    """The caller can mend them all at once."""
    refused = refusal({COLLECTIONS[0]: [POOR, GOOD, POOR, "x"]})

    assert refused.code is Code.SCOPE_REQUIRED
    assert list(refused.fields) == [f"service_account_authorizations[{index}].scope" for index in (0, 2, 3)]


def test_the_policy_add_completes_each_entry_and_nothing_else() -> None:
    judged = judge_delegated({COLLECTIONS[0]: [POOR, GOOD], "state": "s"}, ADDING)

    completed = {**POOR, "scope": "read_only free_busy_write"}
    assert judged.body == {COLLECTIONS[0]: [completed, GOOD], "state": "s"}
    assert judged.changed
    assert POOR["scope"] == "read_only"


def test_a_list_of_scopes_becomes_the_string_that_cronofy_documents() -> None:
    judged = judge_delegated({**GOOD, "scope": ["read_only", "free_busy_write"]}, STRICT)

    assert judged.body["scope"] == "read_only free_busy_write"
    assert judged.changed


def test_a_client_may_not_delegate_more_than_its_list() -> None:
    narrow = client(ScopePolicy.ADD, "free_busy")

    assert "read_only" in refusal(POOR, narrow).public
    assert judge_delegated({**GOOD, "scope": "free_busy"}, narrow).body["scope"] == "free_busy free_busy_write"


@pytest.mark.parametrize(
    "body",
    [
        {COLLECTIONS[0]: [GOOD], "scope": "read_only"},
        {COLLECTIONS[0]: [GOOD], "callback_url": "https://app.example.com/x"},
        {COLLECTIONS[0]: [GOOD], **POOR},
        {COLLECTIONS[0]: [GOOD], COLLECTIONS[1]: [POOR]},
        {COLLECTIONS[1]: [GOOD], COLLECTIONS[0]: [POOR]},
        {COLLECTIONS[0]: GOOD},
        {COLLECTIONS[0]: None},
        {COLLECTIONS[1]: "x"},
    ],
)
@pytest.mark.parametrize("whose", [STRICT, ADDING])
def test_two_forms_in_one_body_are_refused(body: Any, whose: Client) -> None:
    """Upstream would read one of them, and maybe not the one that we judged."""
    assert refusal(body, whose).code is Code.INVALID_FIELD


@pytest.mark.parametrize("body", [None, [], [GOOD], "x", 7, True])
def test_what_is_no_object_is_refused(body: Any) -> None:
    assert refusal(body, ADDING).code is Code.INVALID_FIELD


SCOPES = st.one_of(
    st.none(),
    st.integers(),
    st.lists(st.sampled_from(["free_busy_write", "read_only", " ", "a\tb"]), max_size=3),
    st.lists(st.sampled_from(["free_busy_write", "read_only", "", "\t", "\ud800"]), max_size=3).map(" ".join),
)
ENTRIES = st.one_of(
    st.none(), st.fixed_dictionaries({}, optional={"scope": SCOPES, "email": st.just("e"), "callback_url": st.text()})
)
BODIES = st.one_of(
    ENTRIES,
    st.fixed_dictionaries(
        {}, optional={"scope": SCOPES, **dict.fromkeys(COLLECTIONS, st.lists(ENTRIES, max_size=3)), "state": st.text()}
    ),
)


@given(BODIES, st.sampled_from([STRICT, ADDING, None]))
def test_whatever_passes_asks_for_it_in_each_entry(body: Any, whose: Client | None) -> None:
    try:
        judged = judge_delegated(body, whose)
    except RequestRefused:
        return

    named = [name for name in COLLECTIONS if name in judged.body]
    entries = judged.body[named[0]] if named else [judged.body]
    assert len(named) <= 1
    assert all("free_busy_write" in entry["scope"].split(" ") for entry in entries)
    assert judged.changed is (judged.body != body)
