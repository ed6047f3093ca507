import pytest

from gateway.emulator.accounts import Account
from gateway.emulator.authorizations import Authorization, Authorizations

NEVER, ALWAYS = 0.0, 2_000_000_000.0
NOW = 1_000_000_000.0


@pytest.fixture
def known() -> Authorizations:
    return Authorizations(kept=3)


def begin(known: Authorizations, sub: str = "acc_1") -> Authorization:
    return known.begin(Account(account_id=sub), "read_write")


def replaced(known: Authorizations, authorization: Authorization, *, works_until: float = NEVER) -> str:
    old = authorization.refresh_token
    known.replace_token(authorization, works_until=works_until)
    return old


def test_each_is_found_by_its_account_and_by_its_token(known: Authorizations) -> None:
    both = [begin(known, "acc_1"), begin(known, "acc_2")]

    assert [known.of_account("acc_1"), known.of_account("acc_2")] == both
    assert [known.find(one.refresh_token, now=NOW) for one in both] == both
    assert (known.of_account("acc_3"), known.find("unknown", now=NOW)) == (None, None)


def test_beginning_again_keeps_what_stands(known: Authorizations) -> None:
    first = begin(known)
    token = replaced(known, first), first.refresh_token

    assert begin(known) is first
    assert first.refresh_token == token[1] != token[0]


def test_a_replaced_token_is_found_while_it_works_and_known_after_that(known: Authorizations) -> None:
    authorization = begin(known)
    old = replaced(known, authorization, works_until=NOW)

    assert known.find(old, now=NOW - 1) is authorization
    assert known.find(old, now=NOW) is None
    assert known.find_replaced(old) is authorization
    assert known.find_replaced(authorization.refresh_token) is None


def test_the_oldest_replaced_tokens_are_forgotten(known: Authorizations) -> None:
    """An emulator that runs for weeks must not grow by what nobody can use."""
    authorization = begin(known)
    tokens = [replaced(known, authorization, works_until=ALWAYS) for _ in range(5)]

    assert [known.find_replaced(token) for token in tokens] == [None, None, *[authorization] * 3]
    assert [known.find(token, now=NOW) for token in tokens] == [None, None, *[authorization] * 3]
    assert known.find(authorization.refresh_token, now=NOW) is authorization


def test_an_end_takes_every_token_and_a_new_beginning_brings_none_back(known: Authorizations) -> None:
    """The account keeps its id, so an old token must not lead to what was granted afterwards."""
    first = begin(known)
    old = replaced(known, first, works_until=ALWAYS)
    known.end(first)
    second = begin(known)
    known.end(first)

    assert second is not first
    assert known.of_account("acc_1") is second
    for token in (old, first.refresh_token):
        assert known.find(token, now=NOW) is None
        assert known.find_replaced(token) is None
    assert known.find(second.refresh_token, now=NOW) is second


def test_what_a_service_account_delegated_is_listed(known: Authorizations) -> None:
    delegated, _own = begin(known, "acc_1"), begin(known, "acc_2")
    delegated.granted_by = "ser_1"

    assert known.delegated_by("ser_1") == [delegated]
