"""Userinfo tells whose token it is and in which modes the account is connected."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.access_mode import AccessMode, Profile, header_value
from gateway.rules.userinfo import UserinfoInvalid, read_userinfo

RW, FB, NO = AccessMode.READ_WRITE, AccessMode.FREE_BUSY, AccessMode.NO_ACCESS


def profile(provider: str, name: str, *calendars: object) -> dict[str, Any]:
    return {
        "provider_name": provider,
        "provider_service": provider,
        "profile_id": name,
        "profile_calendars": [{"calendar_id": one, "calendar_name": "Home"} for one in calendars],
    }


def document(sub: object, *profiles: object) -> bytes:
    return json.dumps({"sub": sub, "cronofy.type": "account", "cronofy.data": {"profiles": list(profiles)}}).encode()


def test_profiles_modes_and_calendars_are_learnt() -> None:
    """The keys are flat and hold a dot: `cronofy.data`."""
    raw = document(
        "acc_1", profile("google", "pro_1", "cal_1"), profile("ms_graph_free_busy", "pro_2", "cal_2", "cal_3")
    )
    known = read_userinfo(raw, now=7.0)

    assert known.account == "acc_1"
    assert known.profiles == (
        Profile("pro_1", RW, frozenset({"cal_1"})),
        Profile("pro_2", FB, frozenset({"cal_2", "cal_3"})),
    )
    assert (known.whole, known.learnt_at) == (True, 7.0)


def test_a_person_in_no_access_and_an_application_calendar_report_the_same_name() -> None:
    assert read_userinfo(document("acc_1", profile("cronofy", "pro_1")), now=0).all() == (NO,)
    assert header_value(read_userinfo(document("apc_1", profile("cronofy", "pro_1")), now=0)) == "not_applicable"


def test_a_service_account_has_no_profiles() -> None:
    raw = (
        b'{"sub":"ser_1","cronofy.type":"service_account","cronofy.data":{"service_account":{"domain":"example.com"}}}'
    )
    known = read_userinfo(raw, now=0)

    assert known.profiles == ()
    assert header_value(known) == "not_applicable"


@pytest.mark.parametrize(
    "data",
    [
        "{}",
        "null",
        "[]",
        '"x"',
        '{"profiles":null}',
        '{"profiles":{}}',
        '{"profiles":[null,1,"x",[]]}',
        '{"profiles":[{}]}',
        '{"profiles":[{"provider_name":7}]}',
    ],
)
def test_profiles_that_cannot_be_read_are_left_out(data: str) -> None:
    known = read_userinfo(f'{{"sub":"acc_1","cronofy.data":{data}}}'.encode(), now=0)

    assert known.profiles == ()
    assert header_value(known) == "unknown"


def test_damaged_members_do_not_hide_the_mode() -> None:
    odd = {"provider_name": "google_free_busy", "profile_id": 7, "profile_calendars": [{"calendar_id": 1}, None, {}]}
    known = read_userinfo(document("acc_1", odd, profile("google", "pro_1", "cal_1", None)), now=0)

    assert known.profiles == (Profile("", FB), Profile("pro_1", RW, frozenset({"cal_1"})))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"[]",
        b'"acc_1"',
        b"{}",
        b'{"sub":null}',
        b'{"sub":""}',
        b'{"sub":7}',
        b'{"sub":["acc_1"]}',
        b'{"sub":"acc_canary',
        b'{"sub":"acc_canary\xff"}',
        b'{"sub":"acc_canary"} x',
        b"<html>acc_canary</html>",
        pytest.param(b"[" * 100_000, id="deep-lists"),
        pytest.param(b'{"a":' * 100_000, id="deep-objects"),
        b"\xff\xfe{\x00",
    ],
)
def test_what_is_no_userinfo_is_said_without_quoting_it(raw: bytes) -> None:
    with pytest.raises(UserinfoInvalid) as caught:
        read_userinfo(raw, now=0)

    assert "canary" not in str(caught.value)


@given(st.binary(max_size=80))
def test_nothing_else_comes_of_noise(noise: bytes) -> None:
    with pytest.raises(UserinfoInvalid):
        read_userinfo(b'{"x":"' + noise + b'"}', now=0)
    with pytest.raises(UserinfoInvalid):
        read_userinfo(noise, now=0)
