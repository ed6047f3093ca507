"""What the cookie shape cannot go together with is refused, and what is lost with it is said."""

from typing import Any

import pytest

from gateway.config import Settings
from gateway.config.complaints import SettingsInvalid
from gateway.config.cookie_shape import complaints_about_cookie_shape
from gateway.config_check import check_settings
from tests.settings import good_settings

COOKIE = {"sessions": {"shape": "cookie"}}


def with_later(settings: Settings, **later: Any) -> Settings:
    """Return settings with changes that were not checked; `client` has those of the only client."""
    of_client = later.pop("client", {})
    clients = {name: one.model_copy(update=of_client) for name, one in settings.clients.items()}
    return settings.model_copy(update={**later, "clients": clients})


def test_of_record_shape_there_is_nothing_to_say() -> None:
    settings = check_settings(good_settings()).settings
    assert complaints_about_cookie_shape(with_later(settings, workers=4, client={"custody": "gateway"})) == []


@pytest.mark.parametrize(
    ("later", "place"),
    [
        ({"workers": 2}, "workers"),
        ({"client": {"custody": "gateway"}}, "clients.app.custody"),
        ({"client": {"service_door": True}}, "clients.app.service_door"),
    ],
)
def test_what_needs_a_store_is_refused(later: dict[str, Any], place: str) -> None:
    """Several workers would each know other sessions; tokens outside of cookies would be kept by nobody."""
    settings = check_settings(good_settings(**COOKIE)).settings
    (refused,) = [one for one in complaints_about_cookie_shape(with_later(settings, **later)) if one.fatal]

    assert refused.place == place
    assert "cookie" in refused.problem
    assert 'sessions.shape = "record"' in refused.hint


@pytest.mark.parametrize("later", [{"workers": 1}, {"client": {"custody": "client", "service_door": False}}])
def test_what_needs_none_is_not(later: dict[str, Any]) -> None:
    settings = check_settings(good_settings(**COOKIE)).settings
    assert not [one for one in complaints_about_cookie_shape(with_later(settings, **later)) if one.fatal]


def test_what_is_lost_is_said_as_warnings() -> None:
    warnings = check_settings(good_settings(**COOKIE)).warnings

    assert {one.place for one in warnings} == {"sessions.shape"}
    said = " ".join(one.problem for one in warnings)
    assert len(warnings) == 5
    for word in ("sign-out", "ended elsewhere", "restart", "refresh", "several processes"):
        assert word in said


def test_several_workers_are_one_complaint() -> None:
    """Not a second one about the store, which the operator did not choose."""
    with pytest.raises(SettingsInvalid) as caught:
        check_settings(good_settings(**COOKIE, workers=2))
    assert [one.place for one in caught.value.complaints if one.fatal] == ["workers"]


@pytest.mark.parametrize(
    ("url", "warned"), [("sqlite:///own.db", True), ("redis://127.0.0.1:1/0", True), (None, False)]
)
def test_a_store_that_is_named_is_not_used_and_warned_of(url: str | None, *, warned: bool) -> None:
    checked = check_settings(good_settings(**COOKIE, **({"store": {"url": url}} if url else {})))

    assert checked.store_url == "memory:"
    assert ("store.url" in {one.place for one in checked.warnings}) is warned


def test_another_shape_is_a_complaint() -> None:
    with pytest.raises(SettingsInvalid) as caught:
        check_settings(good_settings(sessions={"shape": "jar"}))
    assert [one.place for one in caught.value.complaints] == ["sessions.shape"]
