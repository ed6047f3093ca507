"""`clients add | list | show | disable | enable | secret`, over a store on disk."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from gateway.cli import app
from gateway.flows.issued_secrets import PREFIX
from gateway.web.keys import PublicDoors
from tests.cli.stored import SECRETS, fill, settings_file, sign_in

RUNNER = CliRunner(env={"COLUMNS": "300"})


def run(path: str, *words: str, code: int = 0) -> Result:
    result = RUNNER.invoke(app, ["clients", *words, "--config", path])
    assert result.exit_code == code, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert not [word for word in SECRETS if word in result.output]
    return result


def told(path: str, *words: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(path, *words, "--json").stdout)
    return found


def shown(path: str, client: str) -> dict[str, Any]:
    return told(path, "show", client)


@pytest.fixture
def path(tmp_path: Path) -> str:
    """Settings with the clients app and other."""
    return settings_file(tmp_path)


def known_by(path: str, secret: str) -> str:
    """Return the client that a gateway on this store would know by a secret."""

    async def story(doors: PublicDoors) -> str:
        client = doors.registry.client_by_secret(secret)
        return client.id if client else ""

    return str(fill(path, story)[0])


def test_a_client_is_added_with_the_settings_that_were_named(path: str) -> None:
    words = ["--redirect-uri", "https://new.example.com/a", "--redirect-uri", "https://new.example.com/b"]
    words += ["--custody", "gateway", "--service-door", "--scope-policy", "add", "--allowed-scope", "free_busy_write"]
    words += ["--operation", "read_events", "--accepted-mode", "free_busy", "--application", "main"]
    words += ["--home", "https://new.example.com/", "--origin", "https://pages.example.com"]
    result = run(path, "add", "new", *words)
    assert f"clients secret new --config {path}" in result.stdout

    found = shown(path, "new")
    assert (found["source"], found["custody"], found["state"]) == ("store", "gateway", "active")
    assert found["doors"] == ["drop-in", "browser", "service"]
    settings = found["settings"]
    assert settings["redirect_uris"] == ["https://new.example.com/a", "https://new.example.com/b"]
    assert (settings["scope_policy"], settings["operations"]) == ("add", ["read_events"])
    assert (settings["origins"], settings["accepted_modes"]) == (["https://pages.example.com"], ["free_busy"])


def test_the_help_shows_its_brackets() -> None:
    """They are Rich's markup as well, which would swallow the table's name."""
    assert "[clients.ID]" in RUNNER.invoke(app, ["clients", "add", "--help"], env={"COLUMNS": "300"}).output


def test_a_file_holds_what_no_option_names(path: str, tmp_path: Path) -> None:
    table = tmp_path / "new.toml"
    table.write_text('custody = "client"\nmay_impersonate = true\n')
    run(path, "add", "new", "--from-file", str(table), "--custody", "gateway")

    settings = shown(path, "new")["settings"]
    assert (settings["custody"], settings["may_impersonate"]) == ("gateway", True)


def test_every_complaint_is_printed_and_nothing_is_stored(path: str, tmp_path: Path) -> None:
    table = tmp_path / "new.json"
    table.write_text('{"redirect_uris": ["ftp://x"], "application": "nowhere", "secrets": ["canary"]}')
    result = run(path, "add", "n w", "--from-file", str(table), code=1)
    for word in ("clients.n w", "redirect_uris", "application", "secrets"):
        assert word in result.stderr
    assert "canary" not in result.output
    assert "cannot be read" in run(path, "add", "new", "--from-file", str(tmp_path / "nothing"), code=1).stderr
    assert [one["id"] for one in told(path, "list")["clients"]] == ["app", "other"]


def test_a_client_is_replaced_only_on_demand(path: str) -> None:
    run(path, "add", "new", "--scope-policy", "add")
    assert "--replace" in run(path, "add", "new", code=1).stderr
    run(path, "add", "new", "--service-door", "--replace")
    settings = shown(path, "new")["settings"]
    assert (settings["scope_policy"], settings["service_door"]) == ("reject", True)


def test_the_configuration_wins_and_says_so(path: str) -> None:
    assert "its settings count" in run(path, "add", "app", "--service-door").stderr
    found = shown(path, "app")
    assert (found["source"], found["settings"]["service_door"]) == ("configuration", False)
    assert "settings count" in run(path, "list").stderr


def test_the_list_says_where_each_comes_from_and_whether_it_works(path: str) -> None:
    run(path, "add", "new")
    run(path, "secret", "new")
    run(path, "disable", "other")
    found = told(path, "list")["clients"]

    assert [(one["id"], one["source"], one["state"]) for one in found] == [
        ("app", "configuration", "active"),
        ("other", "configuration", "disabled"),
        ("new", "store", "active"),
    ]
    assert [(one["secrets"]["configured"], len(one["secrets"]["issued"])) for one in found] == [(1, 0), (1, 0), (0, 1)]
    rows = run(path, "list").stdout
    for word in ("comes from", "configuration", "store", "disabled", "drop-in", "main"):
        assert word in rows
    assert "redirect_uris" in run(path, "show", "new").stdout


def test_a_secret_is_shown_once_and_opens_the_door(path: str) -> None:
    result = run(path, "secret", "app")
    secret = result.stdout.strip()

    assert re.fullmatch(PREFIX + r"[A-Za-z0-9_-]{43}", secret)
    assert known_by(path, secret) == "app"
    assert known_by(path, "app-secret-0123456789abcdef") == "app"
    (issued,) = shown(path, "app")["secrets"]["issued"]
    assert issued["name"] in result.stderr
    everything = "".join(run(path, *words).output for words in (["list"], ["show", "app"], ["list", "--json"]))
    assert secret not in everything + json.dumps(shown(path, "app"))
    assert secret.encode() not in (Path(path).parent / "records.db").read_bytes()


def test_a_third_secret_needs_room(path: str) -> None:
    first, second = [told(path, "secret", "app") for _ in range(2)]
    refused = run(path, "secret", "app", code=1)
    assert "Two issued secrets are active already" in refused.stderr
    assert PREFIX not in refused.output
    third = told(path, "secret", "app", "--revoke", first["name"][:8])

    assert (third["revoked"], third["active"]) == ([first["name"]], [second["name"], third["name"]])
    assert [known_by(path, one["secret"]) for one in (first, second, third)] == ["", "app", "app"]
    fourth = told(path, "secret", "app", "--revoke-older")
    assert (len(fourth["revoked"]), len(fourth["active"])) == (1, 2)


def test_a_secret_can_be_revoked_without_a_new_one(path: str) -> None:
    issued = told(path, "secret", "app")
    assert "no active secret" in run(path, "secret", "app", "--revoke", "zz", "--no-new", code=1).stderr
    result = run(path, "secret", "app", "--revoke", issued["name"], "--no-new")

    assert (result.stdout, f"revoked: {issued['name']}" in result.stderr) == ("", True)
    assert known_by(path, issued["secret"]) == ""
    assert "Name what is to be revoked" in run(path, "secret", "app", "--no-new", code=1).stderr


def test_disabling_is_undone_by_enabling(path: str) -> None:
    assert "app is disabled." in run(path, "disable", "app").stdout
    assert "already" in run(path, "disable", "app").stdout
    assert "app is enabled." in run(path, "enable", "app").stdout
    assert shown(path, "app")["state"] == "active"


@pytest.mark.parametrize("command", ["show", "disable", "enable", "secret"])
def test_a_client_that_nobody_knows_is_told(path: str, command: str) -> None:
    """A record made for a misspelt name would do nothing, and look as if it did."""
    assert "no client nobody" in run(path, command, "nobody", code=1).stderr
    assert [one["id"] for one in told(path, "list")["clients"]] == ["app", "other"]


@pytest.mark.parametrize("command", [["list"], ["add", "new"], ["secret", "app"], ["disable", "app"], ["show", "app"]])
def test_where_nothing_lasts_clients_come_from_the_settings_alone(tmp_path: Path, command: list[str]) -> None:
    path = settings_file(tmp_path, store="memory:")
    refused = run(path, *command, code=1).stderr
    assert "The store is memory:" in refused
    with Path(path).open("a") as more:
        more.write('[sessions]\nshape = "cookie"\n')
    assert "In cookie shape the store is memory:" in run(path, *command, code=1).stderr
    assert "come from the settings alone" in refused


def test_other_commands_know_stored_and_disabled_clients(path: str) -> None:
    """A disabled client's people can still be listed and erased; and erasing an account leaves its clients."""
    run(path, "add", "new")
    fill(path, sign_in("new"))
    run(path, "disable", "new")
    words = ["accounts", "erase", "acc_1", "--client", "new", "--keep-at-cronofy", "--yes", "--config", path]
    result = RUNNER.invoke(app, words)

    assert (result.exit_code, "1 session(s)" in result.stdout) == (0, True)
    RUNNER.invoke(app, ["accounts", "erase", "acc_1", "--keep-at-cronofy", "--yes", "--config", path])
    assert shown(path, "new")["state"] == "disabled"


def test_records_of_clients_are_counted_and_sealed_anew(path: str) -> None:
    run(path, "add", "new")
    result = RUNNER.invoke(app, ["store", "reseal", "--config", path])
    assert (result.exit_code, "0 record(s) sealed anew" in result.stdout) == (0, True)
    rows = json.loads(RUNNER.invoke(app, ["keys", "list", "--json", "--config", path]).stdout)
    assert [one["records"] for one in rows] == [1]
