"""Settings of the engine listener: off unless it has a port, and never without a key."""

from pathlib import Path
from typing import Any

import pytest

from gateway.config.complaints import Complaint
from gateway.config_check import SettingsInvalid, check_settings
from tests.settings import good_settings

KEY = "0123456789abcdefghijklmnopqrstuv"


def complaints(**changes: Any) -> list[Complaint]:
    """Return what is said about settings, fatal or not."""
    try:
        return list(check_settings(good_settings(**changes)).warnings)
    except SettingsInvalid as invalid:
        return invalid.complaints


def said(**changes: Any) -> list[tuple[str, bool]]:
    """Return the places of what is said about the listener, and whether it is fatal."""
    return [(one.place, one.fatal) for one in complaints(**changes) if one.place.startswith("engine")]


def test_without_a_port_there_is_none() -> None:
    checked = check_settings(good_settings(engine={"key": "short"}))
    assert (checked.engine_key, checked.settings.engine.port) == ("", None)
    assert said() == []


def test_the_key_comes_from_a_value_or_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(f"{KEY}\n", encoding="utf-8")
    for engine in ({"key": KEY}, {"key_file": str(file)}):
        checked = check_settings(good_settings(engine={"port": 9081, **engine}))
        assert checked.engine_key == KEY
        assert KEY not in repr(checked)
    assert said(engine={"port": 9081, "key": KEY, "key_file": str(file)}) == [("engine.key", True)]


@pytest.mark.parametrize("key", ["", KEY[:-1], "a" * 40, f"{KEY[:-1]} 1", f"{KEY}\u00e9", f"{KEY}\n{KEY}"])
def test_a_key_that_is_missing_short_or_no_header_value_is_refused(key: str) -> None:
    """Whoever has it is told access tokens."""
    found = said(engine={"port": 9081, "key": key} if key else {"port": 9081})
    assert ("engine.key", True) in found


def test_an_address_that_is_not_loopback_is_worth_a_word() -> None:
    assert said(engine={"host": "0.0.0.0", "port": 9081, "key": KEY}) == [("engine.host", False)]


def test_several_workers_need_one_port() -> None:
    assert said(workers=2, engine={"port": 0, "key": KEY}, operations={"port": 9080}) == [("engine.port", True)]


def test_an_engine_knows_one_data_centre() -> None:
    """It sends every call to one host: another application's token would go to the wrong one."""
    secret = "CRN_0123456789abcdefghijklmnop"
    applications = {
        name: {"client_id": name, "client_secret": f"{secret}{name}", "data_centre": centre}
        for name, centre in (("one", "us"), ("two", "de"))
    }
    clients = {"app": {"secrets": ["app-secret-0123456789abcdef"], "application": "one"}}
    engine = {"port": 9081, "key": KEY}
    assert said(applications=applications, clients=clients, engine=engine) == [("engine.port", True)]
    applications["two"]["data_centre"] = "us"
    assert said(applications=applications, clients=clients, engine=engine) == []


def test_cookie_shape_has_no_engine() -> None:
    """A renewed cookie could not go back through it."""
    assert said(sessions={"shape": "cookie"}, engine={"port": 9081, "key": KEY}) == [("engine", True)]
