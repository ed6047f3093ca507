"""Integrated conferencing needs a calendar that Cronofy can write to."""

import pytest

from gateway.rules.access_mode import AccessMode, AccountModes, Profile
from gateway.rules.conferencing import forbidding_mode, integrated_refused
from gateway.rules.error_codes import MEANINGS, Code

RW, FB, NO = AccessMode.READ_WRITE, AccessMode.FREE_BUSY, AccessMode.NO_ACCESS


def account(**modes: AccessMode) -> AccountModes:
    profiles = tuple(Profile(f"pro_{name}", mode, frozenset({f"cal_{name}"})) for name, mode in modes.items())
    return AccountModes("acc_1", profiles, whole=True, learnt_at=0.0)


@pytest.mark.parametrize(
    ("known", "calendar", "mode"),
    [
        (account(a=RW), "cal_a", None),
        (account(a=FB), "cal_a", FB),
        (account(a=NO), "cal_a", NO),
        (account(a=RW, b=FB), "cal_a", None),
        (account(a=RW, b=FB), "cal_b", FB),
        (account(a=RW, b=FB), "cal_new", None),
        (account(a=FB, b=NO), "cal_new", FB),
        (account(a=NO), "cal_new", NO),
        (account(a=RW), "cal_new", None),
        (account(), "cal_new", None),
        (account(a=AccessMode.NOT_APPLICABLE), "cal_a", None),
        (account(a=AccessMode.UNKNOWN), "cal_a", None),
        (account(a=AccessMode.UNKNOWN), "cal_new", None),
    ],
)
def test_a_mode_forbids_only_what_is_certain(known: AccountModes, calendar: str, mode: AccessMode | None) -> None:
    """What is not known passes, since Cronofy decides it."""
    assert forbidding_mode(known, calendar) is mode


@pytest.mark.parametrize("mode", [FB, NO])
def test_the_refusal_names_each_field_the_mode_and_the_way_out(mode: AccessMode) -> None:
    refused = integrated_refused({"conferencing.profile_id": mode, "event.conferencing.profile_id": mode})

    assert refused.code is Code.INTEGRATED_CONFERENCING_REFUSED
    assert MEANINGS[refused.code].status == 422
    assert list(refused.fields) == ["conferencing.profile_id", "event.conferencing.profile_id"]
    assert mode in refused.public
    assert "/v1/conferencing_service_authorizations" in refused.public
    assert "pro_" in refused.public
    assert refused.members == {}


def test_a_link_to_connect_is_handed_on() -> None:
    refused = integrated_refused({"x": FB}, connect_url="https://app.cronofy.com/conferencing/1")
    assert refused.members == {"connect_url": "https://app.cronofy.com/conferencing/1"}
