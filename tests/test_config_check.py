"""Complaints: all of them at once, each with its place and a hint, none with a secret."""

from pathlib import Path
from typing import Any

import pytest

from gateway.config_check import SettingsInvalid, check_settings, load_settings, may_post_to_private
from tests.settings import good_settings

LOOPBACK: dict[str, Any] = {
    "public_url": "http://127.0.0.1:8080",
    "listen": {"host": "127.0.0.1"},
    "applications": {"main": {"client_id": "id", "client_secret": "weak", "emulator_url": "http://localhost:8090"}},
    "clients": {"app": {"secrets": ["weak-too"]}},
}


def places(data: dict[str, Any]) -> list[str]:
    with pytest.raises(SettingsInvalid) as caught:
        check_settings(data)
    assert all(one.hint for one in caught.value.complaints)
    return [one.place for one in caught.value.complaints if one.fatal]


def test_good_settings_have_no_complaint() -> None:
    checked = check_settings(good_settings())
    assert checked.warnings == ()
    assert checked.application_secrets == {"main": "CRN_0123456789abcdefghijklmnop"}
    assert checked.client_secrets == {"app": ("app-secret-0123456789abcdef",)}


def test_a_warning_has_its_line_as_well(tmp_path: Path) -> None:
    """Of forty clients in a file, the one with the weak secret should not have to be searched for."""
    path = tmp_path / "gateway.toml"
    ring = good_settings()["keys"]["ring"]
    path.write_text(
        'public_url = "http://127.0.0.1:8080"\n'
        f'keys.ring = "{ring}"\n'
        'applications.main = {client_id = "id", client_secret = "weak", emulator_url = "http://localhost:8090"}\n'
        "[clients.app]\n"
        'secrets = ["weak-too"]\n'
    )
    lines = {one.place: one.line for one in load_settings(path).warnings}
    assert (lines["public_url"], lines["clients.app.secrets"]) == (1, 5)


def test_every_complaint_comes_at_once() -> None:
    spoilt = good_settings(
        public_url="http://gateway.example.com",
        keys={},
        applications={"main": {"client_id": "id"}, "two": {"client_id": "id-two", "client_secret": "short"}},
        clients={
            "one": {"secrets": ["a" * 40], "redirect_uris": ["http://app.example.com/", "https://*.example.com/"]},
            "two": {"application": "three"},
        },
    )
    assert sorted(places(spoilt)) == [
        "applications.main.client_secret",
        "applications.two.client_secret",
        "clients.one.application",
        "clients.one.redirect_uris",
        "clients.one.redirect_uris",
        "clients.one.secrets",
        "clients.two.application",
        "keys.ring",
        "public_url",
    ]


def test_an_origin_that_is_too_long_for_callback_urls_is_a_complaint_where_they_are_made() -> None:
    """Cronofy takes 128 characters, and 59 of them are the path."""
    longest = "https://" + "a" * 57 + ".com"
    secret = {"secrets": ["app-secret-0123456789abcdef"]}
    keeping = {"app": {**secret, "custody": "gateway"}}
    assert check_settings(good_settings(public_url=longest, clients=keeping)).warnings == ()
    assert check_settings(good_settings(public_url=longest + "m", clients={"app": secret})).warnings == ()
    assert places(good_settings(public_url=longest + "m", clients=keeping)) == ["public_url"]


def test_posting_into_the_own_network_is_warned_about() -> None:
    checked = check_settings(good_settings(callbacks={"private_addresses": True}))
    assert [one.place for one in checked.warnings] == ["callbacks.private_addresses"]
    assert may_post_to_private(checked.settings)


def test_on_loopback_callbacks_go_to_loopback() -> None:
    assert may_post_to_private(check_settings(good_settings(**LOOPBACK)).settings)
    assert not may_post_to_private(check_settings(good_settings()).settings)


def test_weak_secrets_are_for_loopback_on_both_sides_only() -> None:
    """There they can do no harm, and are only warned about."""
    loopback = good_settings(**LOOPBACK)
    checked = check_settings(loopback)
    assert {one.place for one in checked.warnings} >= {"applications.main.client_secret", "clients.app.secrets"}

    assert "clients.app.secrets" in places({**loopback, "listen": {"host": "0.0.0.0"}})
    assert "clients.app.secrets" in places({**loopback, "public_url": "https://gw.example.com"})
    real = {"main": {"client_id": "id", "client_secret": "weak"}}
    assert "applications.main.client_secret" in places({**loopback, "applications": real})


def test_several_workers_need_what_they_can_share() -> None:
    """With a store in memory, a session would be known to one worker only; on a free port, one would be scraped."""
    alone = {"store": {"url": "memory:"}, "operations": {"port": 0}}
    assert check_settings(good_settings(**alone)).settings.workers == 1
    assert places(good_settings(workers=2, **alone)) == ["store.url", "operations.port"]
    assert check_settings(good_settings(workers=64)).warnings == ()


def test_a_missing_secret_is_missing_on_loopback_too() -> None:
    settings = {**LOOPBACK, "applications": {"main": {"client_id": "id", "emulator_url": "http://localhost:8090"}}}
    assert places(good_settings(**settings)) == ["applications.main.client_secret"]


def test_a_client_without_a_secret_waits_for_one_to_be_issued() -> None:
    """Whoever wants no secret in the configuration has none there before the first start."""
    checked = check_settings(good_settings(clients={"app": {}}))
    (warning,) = checked.warnings
    assert (warning.place, warning.problem) == ("clients.app.secrets", "is missing")
    assert warning.hint == "issue one with: cronofy-gateway clients secret app"
    assert checked.client_secrets == {"app": ()}


@pytest.mark.parametrize("changes", [{"store": {"url": "memory:"}}, {"sessions": {"shape": "cookie"}}])
def test_where_nothing_lasts_a_secret_has_to_be_there(changes: dict[str, Any]) -> None:
    """An issued one would be gone with the process, and no command could reach it."""
    assert places(good_settings(clients={"app": {}}, **changes)) == ["clients.app.secrets"]


def test_a_gateway_may_start_without_clients() -> None:
    data = good_settings()
    del data["clients"]
    (warning,) = check_settings(data).warnings
    assert (warning.place, "cronofy-gateway clients add" in warning.hint) == ("clients", True)


def test_complaints_name_the_files_that_were_looked_into(tmp_path: Path) -> None:
    """A file that comes later mends the settings, although the settings file does not change."""
    application = {"client_id": "id", "client_secret_file": tmp_path / "later"}
    with pytest.raises(SettingsInvalid) as caught:
        check_settings(good_settings(applications={"main": application}))
    assert caught.value.files == (tmp_path / "later",)


def test_two_clients_may_not_share_a_secret() -> None:
    """A secret says whose call it is."""
    one = {"secrets": ["shared-secret-0123456789abcdef"]}
    assert places(good_settings(clients={"a": one, "b": one})) == ["clients.b.secrets"]


def test_secrets_come_from_files(tmp_path: Path) -> None:
    (tmp_path / "application").write_text("CRN_from_a_file_0123456789\n")
    (tmp_path / "client").write_text("first-secret-0123456789abcdef\nsecond-secret-0123456789abcdef\n")
    data = good_settings(
        applications={"main": {"client_id": "id", "client_secret_file": tmp_path / "application"}},
        clients={"app": {"secrets_file": tmp_path / "client"}},
    )
    checked = check_settings(data)

    assert checked.application_secrets["main"] == "CRN_from_a_file_0123456789"
    assert len(checked.client_secrets["app"]) == 2


def test_a_secret_file_that_is_not_there_is_one_complaint(tmp_path: Path) -> None:
    data = good_settings(clients={"app": {"secrets_file": tmp_path / "nothing"}})
    assert places(data) == ["clients.app.secrets_file"]


def test_a_secret_given_twice_is_a_complaint(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("x")
    keys = {**good_settings()["keys"], "ring_file": tmp_path / "keys"}
    assert places(good_settings(keys=keys)) == ["keys.ring"]


def test_a_complaint_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "gateway.toml"
    path.write_text(
        'public_url = "https://gw.example.com"\n\n[keys]\nring = "x"\n\n[applications.main]\nclient_id = "id"\n'
        'client_secret = "short-canary"\n\n[clients.app]\nsecrets = ["short-canary-2"]\nredirect_uri = "x"\n'
    )
    with pytest.raises(SettingsInvalid) as caught:
        load_settings(path)
    assert [(one.place, one.line) for one in caught.value.complaints] == [("clients.app.redirect_uri", 12)]

    path.write_text(path.read_text().replace("redirect_uri = ", "redirect_uris = []  # "))
    with pytest.raises(SettingsInvalid) as caught:
        load_settings(path)
    lines = {one.place: one.line for one in caught.value.complaints}
    assert lines == {"applications.main.client_secret": 8, "clients.app.secrets": 11}
    assert "canary" not in repr(caught.value.complaints)


@pytest.mark.parametrize("content", [b"not toml", b"\xff\xfe", b"a = 1\na = 2"])
def test_a_file_that_is_no_toml_is_one_complaint(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "gateway.toml"
    path.write_bytes(content)
    with pytest.raises(SettingsInvalid) as caught:
        load_settings(path)
    assert len(caught.value.complaints) == 1

    with pytest.raises(SettingsInvalid):
        load_settings(tmp_path / "nothing.toml")


@pytest.mark.parametrize("url", ["mysql://u:canary-password@h/db", "sqlite:///", "redis://u:canary-password@h/x/y"])
def test_a_store_url_that_no_engine_takes_is_a_complaint_without_its_password(url: str) -> None:
    with pytest.raises(SettingsInvalid) as caught:
        check_settings(good_settings(store={"url": url}))
    (complaint,) = caught.value.complaints
    assert complaint.place == "store.url"
    assert "canary" not in f"{complaint}"


def test_a_store_url_may_lie_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text("redis://u:password@h/1\n")
    assert check_settings(good_settings(store={"url_file": file})).store_url == "redis://u:password@h/1"
    assert check_settings(good_settings()).store_url == "sqlite:///cronofy-gateway.db"


def test_origins_without_a_home_may_be_of_any_site() -> None:
    """They are for UI Elements, which use no cookie; plain http is told, since the page's token would be read."""
    secret = "app-secret-0123456789abcdef"
    far = {
        "secrets": [secret],
        "origins": ["https://far.example.org", "http://localhost:3000", "http://far.example.org"],
    }
    checked = check_settings(good_settings(clients={"app": far}))
    assert [(one.place, "plain http" in one.problem) for one in checked.warnings] == [("clients.app.origins", True)]

    home = {"secrets": [secret], "origins": ["https://far.example.org"], "home": "https://app.example.com/"}
    assert places(good_settings(clients={"app": home})) == ["clients.app.origins"]
    odd = {"secrets": [secret], "origins": ["https://far.example.org/", "*", "null", "https://APP.example.org"]}
    assert places(good_settings(clients={"app": odd})) == ["clients.app.origins"] * 4
