"""The mode is read from a provider's name or service, and said in one fixed order."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.access_mode import RESTRICTED, AccessMode, AccountModes, Profile, header_value, in_order
from gateway.rules.access_mode import mode_of_provider as mode_of

RW, FB, NO = AccessMode.READ_WRITE, AccessMode.FREE_BUSY, AccessMode.NO_ACCESS
THREE = (RW, FB, NO)


def account(*profiles: Profile, sub: str = "acc_1", whole: bool = True) -> AccountModes:
    return AccountModes(sub, profiles, whole=whole, learnt_at=1_800_000_000.0)


@pytest.mark.parametrize(
    ("name", "service", "mode"),
    [
        ("google", "gsuite", RW),
        ("google", "google", RW),
        ("exchange", "office365", RW),
        ("office365", None, RW),
        ("exchange", "exchange", RW),
        ("apple", "icloud", RW),
        ("live_connect", "outlook_com", RW),
        ("a_provider_of_next_year", None, RW),
        ("google_free_busy", "google_free_busy", FB),
        ("ms_graph_free_busy", "ms_graph_free_busy", FB),
        ("ms_graph_free_busy", None, FB),
        (None, "google_free_busy", FB),
        ("google", "google_free_busy", FB),
        ("google_free_busy", "google", FB),
        ("cronofy", "google_free_busy", FB),
        ("apple_free_busy", None, FB),
        ("cronofy", "cronofy", NO),
        ("cronofy", None, NO),
        (None, "cronofy", NO),
        ("free_busy", None, RW),
        (None, None, AccessMode.UNKNOWN),
        ("", "", AccessMode.UNKNOWN),
        (1, ["google_free_busy"], AccessMode.UNKNOWN),
        ({"cronofy": True}, False, AccessMode.UNKNOWN),
    ],
)
def test_the_mode_of_each_provider(name: object, service: object, mode: AccessMode) -> None:
    """Either field is enough: the Ruby SDK's users know the name only."""
    assert mode_of(name, service, account="acc_1") is mode


def test_an_application_calendar_has_no_mode_although_it_reports_cronofy() -> None:
    """Nobody connected it, so it is not a person who chose No-Access."""
    assert mode_of("cronofy", "cronofy", account="apc_1") is AccessMode.NOT_APPLICABLE
    assert mode_of("google_free_busy", account="apc_1") is FB


def test_the_restricted_modes_are_those_that_cannot_write() -> None:
    assert {FB, NO} == RESTRICTED


@pytest.mark.parametrize("modes", list(permutations((*THREE, AccessMode.UNKNOWN, AccessMode.NOT_APPLICABLE), 4)))
def test_the_order_of_the_modes_is_fixed(modes: tuple[AccessMode, ...]) -> None:
    assert in_order(modes) == tuple(mode for mode in THREE if mode in modes)
    assert in_order((*modes, *modes)) == in_order(modes)


MIXED = account(
    Profile("pro_n", NO, frozenset({"cal_n"})),
    Profile("pro_f", FB, frozenset({"cal_f1", "cal_f2"})),
    Profile("pro_w", RW, frozenset({"cal_w"})),
)


@pytest.mark.parametrize(
    ("known", "calendars", "value"),
    [
        (None, (), "unknown"),
        (None, ("cal_w",), "unknown"),
        (account(), (), "unknown"),
        (account(Profile("pro_1", FB)), (), "free_busy"),
        (account(Profile("pro_1", FB), Profile("pro_2", FB)), (), "free_busy"),
        (account(Profile("pro_1", FB)), ("cal_new",), "free_busy"),
        (MIXED, (), "read_write, free_busy, no_access"),
        (MIXED, ("cal_n",), "no_access"),
        (MIXED, ("cal_f1", "cal_f2"), "free_busy"),
        (MIXED, ("cal_n", "cal_w"), "read_write, no_access"),
        (MIXED, ("cal_w", "cal_new"), "read_write, free_busy, no_access"),
        (account(Profile("", NO), sub="ser_1"), (), "not_applicable"),
        (account(sub="apc_1"), ("cal_1",), "not_applicable"),
        (account(Profile("pro_1", AccessMode.UNKNOWN)), (), "unknown"),
    ],
)
def test_the_header_says_what_the_call_is_about(
    known: AccountModes | None, calendars: tuple[str, ...], value: str
) -> None:
    """A calendar that nobody knows could be in any of the account's modes, so all of them are said."""
    assert header_value(known, calendars) == value


def profiles() -> st.SearchStrategy[Profile]:
    ids = st.sampled_from(["pro_1", "pro_2", "pro_3"])
    calendars = st.frozensets(st.sampled_from(["cal_1", "cal_2", "cal_3"]))
    return st.builds(Profile, ids, st.sampled_from(list(AccessMode)), calendars)


@given(st.lists(profiles(), max_size=4), st.lists(st.sampled_from(["cal_1", "cal_2", "cal_9"]), max_size=3))
def test_the_header_is_always_a_list_of_known_tokens_each_once(known: list[Profile], calendars: list[str]) -> None:
    members = header_value(account(*known), calendars).split(", ")

    assert members in (["unknown"], [mode.value for mode in THREE if mode.value in members])


def test_a_calendar_without_a_profile_has_no_mode() -> None:
    assert MIXED.of_calendar("cal_f2") is FB
    assert MIXED.of_calendar("cal_new") is None


def test_a_new_profile_is_added_and_the_account_is_no_longer_whole() -> None:
    """Its calendars are not known yet, so a calendar that is not found may be one of them."""
    one = account(Profile("pro_1", RW, frozenset({"cal_1"})))
    two = one.with_profile(Profile("pro_2", FB), now=5.0)

    assert two.all() == (RW, FB)
    assert (two.whole, two.learnt_at) == (False, 5.0)
    assert one.all() == (RW,)


def test_a_known_profile_changes_its_mode_and_keeps_its_calendars() -> None:
    """An exchange names no calendars, and a relink does not take them away."""
    known = account(Profile("pro_1", RW, frozenset({"cal_1"}))).with_profile(Profile("pro_1", FB), now=5.0)

    assert known.profiles == (Profile("pro_1", FB, frozenset({"cal_1"})),)
    assert header_value(known, ["cal_1"]) == "free_busy"


def test_calendars_that_are_told_replace_the_old_ones() -> None:
    known = account(Profile("pro_1", RW, frozenset({"cal_1"})))
    fresh = known.with_profile(Profile("pro_1", RW, frozenset({"cal_2"})), now=5.0)

    assert fresh.of_calendar("cal_1") is None
    assert fresh.of_calendar("cal_2") is RW
