"""Integrated conferencing needs a calendar that Cronofy can write to."""

import pytest

from gateway.rules.access_mode import AccessMode, AccountModes, Profile
from gateway.rules.conferencing import FIELD, asks_for_integrated, forbidding_mode, integrated_refused
from gateway.rules.error_codes import MEANINGS, Code

RW, FB, NO = AccessMode.READ_WRITE, AccessMode.FREE_BUSY, AccessMode.NO_ACCESS


def account(**modes: AccessMode) -> AccountModes:
    profiles = tuple(Profile(f"pro_{name}", mode, frozenset({f"cal_{name}"})) for name, mode in modes.items())
    return AccountModes("acc_1", profiles, whole=True, learnt_at=0.0)


@pytest.mark.parametrize(
    ("event", "asks"),
    [
        ({"conferencing": {"profile_id": "integrated"}}, True),
        ({"event_id": "e", "conferencing": {"profile_id": "integrated", "x": 1}}, True),
        ({"conferencing": {"profile_id": "default"}}, False),
        ({"conferencing": {"profile_id": "explicit", "join_url": "https://example.com"}}, False),
        ({"conferencing": {"profile_id": "none"}}, False),
        ({"conferencing": {"profile_id": "pro_integrated"}}, False),
        ({"conferencing": {"profile_id": ["integrated"]}}, False),
        ({"conferencing": {"profile_id": None}}, False),
        ({"conferencing": {}}, False),
        ({"conferencing": None}, False),
        ({"conferencing": "integrated"}, False),
        ({"conferencing": [{"profile_id": "integrated"}]}, False),
        ({"summary": "integrated", "profile_id": "integrated"}, False),
        ({}, False),
        ([], False),
        (None, False),
        ("conferencing", False),
    ],
)
def test_which_bodies_ask_for_integrated_conferencing(event: object, asks: bool) -> None:
    assert asks_for_integrated(event) is asks


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
def test_the_refusal_names_the_field_the_mode_and_the_way_out(mode: AccessMode) -> None:
    refused = integrated_refused(mode)

    assert refused.code is Code.INTEGRATED_CONFERENCING_REFUSED
    assert MEANINGS[refused.code].status == 422
    assert list(refused.fields) == [FIELD] == ["conferencing.profile_id"]
    assert mode in refused.public
    assert "/v1/conferencing_service_authorizations" in refused.public
    assert "pro_" in refused.public
