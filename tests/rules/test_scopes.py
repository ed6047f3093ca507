"""free_busy_write is asked for, or the request goes nowhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused
from gateway.rules.scopes import ScopePolicy, grants_free_busy_write, parse_scopes, scopes_to_ask

KNOWN = [
    "free_busy_write",
    "free_busy",
    "read_events",
    "create_event",
    "organizational_unit_scheduler",
    "FREE_BUSY_WRITE",
]
ASKED = st.lists(st.sampled_from([*KNOWN, "", "\t", "\u00a0", "a,b", '"']), max_size=6).map(" ".join)
POLICIES = st.sampled_from(ScopePolicy)
ALLOWED = st.frozensets(st.sampled_from(KNOWN))


@given(ASKED, POLICIES, ALLOWED)
def test_what_goes_to_cronofy_always_has_free_busy_write(
    asked: str, policy: ScopePolicy, allowed: frozenset[str]
) -> None:
    try:
        names = scopes_to_ask(asked, policy=policy, allowed=allowed)
    except RequestRefused:
        return

    assert "free_busy_write" in names
    assert set(asked.split()) | {"free_busy_write"} == set(names)
    assert not allowed or set(names) <= allowed | {"free_busy_write"}
    assert " ".join(names).split() == list(names)


def test_a_missing_free_busy_write_is_refused() -> None:
    """Without it nobody is offered an access mode, and the caller is told which scope to add."""
    with pytest.raises(RequestRefused) as caught:
        scopes_to_ask("read_events create_event", policy=ScopePolicy.REJECT)

    assert caught.value.code is Code.INVALID_SCOPE
    assert "free_busy_write" in caught.value.public


@pytest.mark.parametrize(
    "asked",
    ["", " ", "free_busy", "free_busy_writes", "Free_Busy_Write", "free_busy_write,read_events", "xfree_busy_write"],
)
def test_a_name_that_only_looks_like_it_does_not_count(asked: str) -> None:
    with pytest.raises(RequestRefused):
        scopes_to_ask(asked, policy=ScopePolicy.REJECT)


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ("read_events", ("read_events", "free_busy_write")),
        ("", ("free_busy_write",)),
        ("free_busy_write read_events", ("free_busy_write", "read_events")),
        ("a  b a", ("a", "b", "free_busy_write")),
    ],
)
def test_the_policy_add_puts_it_in_once(asked: str, names: tuple[str, ...]) -> None:
    assert scopes_to_ask(asked, policy=ScopePolicy.ADD) == names


@pytest.mark.parametrize("policy", list(ScopePolicy))
def test_a_client_with_a_list_may_ask_for_nothing_else(policy: ScopePolicy) -> None:
    allowed = frozenset({"read_events"})
    with pytest.raises(RequestRefused) as caught:
        scopes_to_ask("free_busy_write delete_event", policy=policy, allowed=allowed)

    assert "delete_event" in caught.value.public
    assert scopes_to_ask("free_busy_write read_events", policy=policy, allowed=allowed)


@pytest.mark.parametrize(
    "raw", ["a\tfree_busy_write", "a\nb", "a\u00a0b", "a\x00", 'a"b', "a\\b", "caf\u00e9", "\u2028", "\x7f", "\ud800"]
)
def test_a_character_outside_of_the_rfc_is_refused(raw: str) -> None:
    """A tab would be a separator for one reader and a letter for another (RFC 6749 section 3.3)."""
    with pytest.raises(RequestRefused) as caught:
        parse_scopes(raw)

    assert caught.value.code is Code.INVALID_SCOPE
    assert caught.value.public.isascii()


def test_names_stay_in_order_and_stand_once() -> None:
    assert parse_scopes(" b a  b service_account/accounts/manage ") == ("b", "a", "service_account/accounts/manage")
    assert parse_scopes("") == ()


def test_organization_connect_is_exempt_alone_and_where_it_is_listed() -> None:
    """It connects no calendar, so there is no mode to choose."""
    unit = "organizational_unit_scheduler"

    assert scopes_to_ask(unit, policy=ScopePolicy.REJECT, organization=True) == (unit,)
    for asked, organization in ((unit, False), (f"{unit} read_events", True), ("", True)):
        with pytest.raises(RequestRefused):
            scopes_to_ask(asked, policy=ScopePolicy.REJECT, organization=organization)


@pytest.mark.parametrize(
    ("granted", "account", "organization", "enough"),
    [
        ("free_busy_write", "acc_1", False, True),
        ("create_event free_busy_write", "acc_1", False, True),
        ("create_event delete_event", "acc_1", False, False),
        ("free_busy", "acc_1", False, False),
        ("free_busy_writer", "acc_1", False, False),
        ("", "acc_1", False, False),
        ("", "", False, False),
        ("service_account/accounts/manage", "ser_1", False, True),
        ("service_account/accounts/manage", "acc_1", False, False),
        ("", "apc_1", False, True),
        ("", "xapc_1", False, False),
        ("organizational_unit_scheduler", "", True, True),
        ("organizational_unit_scheduler", "", False, False),
        ("organizational_unit_scheduler read_events", "", True, False),
    ],
)
def test_what_was_granted_is_judged_again(granted: str, account: str, organization: bool, enough: bool) -> None:
    """A link that was built past the gateway still ends at the exchange."""
    assert grants_free_busy_write(granted, account=account, organization=organization) is enough
