import pytest

from gateway.emulator.crowd import Crowd, crowd_from, invite
from gateway.emulator.settings import EmulatorSettings
from gateway.emulator.state import State
from tests.emulator.visitor import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def state(clock: Clock) -> State:
    return State(EmulatorSettings(clock=clock, access_token_lifetime=600))


@pytest.mark.parametrize(
    ("fields", "crowd"),
    [
        ({"count": 1}, Crowd(count=1, mode="read_write", expires_in=None)),
        ({"count": 100_000, "mode": "free_busy"}, Crowd(count=100_000, mode="free_busy")),
        ({"count": 5, "expires_in": 60}, Crowd(count=5, expires_in=60)),
    ],
)
def test_only_the_count_must_be_told(fields: dict[str, object], crowd: Crowd) -> None:
    assert crowd_from(fields) == crowd


@pytest.mark.parametrize(
    ("fields", "bad", "allowed"),
    [
        ({}, "count", "1 to 100000"),
        ({"count": 0}, "count", "1 to 100000"),
        ({"count": 100_001}, "count", "1 to 100000"),
        ({"count": 1.5}, "count", "1 to 100000"),
        ({"count": True}, "count", "1 to 100000"),
        ({"count": "5"}, "count", "1 to 100000"),
        ({"count": 5, "mode": "all"}, "mode", "read_write, free_busy, no_access"),
        ({"count": 5, "mode": None}, "mode", "read_write, free_busy, no_access"),
        ({"count": 5, "expires_in": 0}, "expires_in", "1 to 31536000"),
        ({"count": 5, "expires_in": 31_536_001}, "expires_in", "1 to 31536000"),
        ({"count": 5, "expires_in": "60"}, "expires_in", "1 to 31536000"),
        ({"count": 5, "scope": "read_write"}, "scope", "count, mode, expires_in"),
    ],
)
def test_a_bad_field_is_told_with_what_is_allowed(fields: dict[str, object], bad: str, allowed: str) -> None:
    complaints = crowd_from(fields)

    assert not isinstance(complaints, Crowd)
    assert list(complaints) == [bad]
    assert allowed in complaints[bad][1]


def test_everyone_has_an_account_and_tokens_of_their_own(state: State) -> None:
    made = invite(state, Crowd(count=2000))

    for name in ("sub", "profile_id", "refresh_token", "access_token"):
        assert len({person[name] for person in made}) == 2000
    for person in made:
        authorization = state.grants.of_account(str(person["sub"]))
        assert authorization is not None
        assert state.grants.holder(str(person["access_token"])) is authorization
        assert state.grants.find(str(person["refresh_token"])) is authorization
        assert [profile.profile_id for profile in authorization.account.profiles] == [person["profile_id"]]
        assert (authorization.account.profiles[0].mode, authorization.scope) == ("read_write", "free_busy_write")


def test_a_second_order_brings_other_people(state: State) -> None:
    first, second = invite(state, Crowd(count=3)), invite(state, Crowd(count=3, mode="no_access"))

    assert len({person["sub"] for person in [*first, *second]}) == 6
    assert len(state.people.accounts) == 6


def test_after_a_reset_the_same_order_makes_the_same_people_with_other_tokens(state: State) -> None:
    (first,) = invite(state, Crowd(count=1))
    state.reset()
    (second,) = invite(state, Crowd(count=1))

    assert (first["sub"], first["profile_id"]) == (second["sub"], second["profile_id"])
    assert first["refresh_token"] != second["refresh_token"]


@pytest.mark.parametrize(("expires_in", "seconds"), [(None, 600), (60, 60)])
def test_access_tokens_live_as_long_as_asked_or_as_set(
    state: State, clock: Clock, expires_in: float | None, seconds: float
) -> None:
    (person,) = invite(state, Crowd(count=1, expires_in=expires_in))
    clock.now += seconds - 1
    before = state.grants.holder(str(person["access_token"]))
    clock.now += 1

    assert before is state.grants.of_account(str(person["sub"]))
    assert state.grants.holder(str(person["access_token"])) is None
