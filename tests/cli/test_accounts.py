"""`accounts list | show | erase`, over a store on disk; at Cronofy's place answers nothing, or a stub."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from gateway.cli import app
from tests.cli.stored import SECRETS, fill, hold, settings_file, sign_in
from tests.cli.test_sessions import listed as sessions_of

RUNNER = CliRunner(env={"COLUMNS": "300"})


def run(path: str, *words: str) -> Result:
    result = RUNNER.invoke(app, ["accounts", *words, "--config", path])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert not [word for word in SECRETS if word in result.output]
    return result


def told(path: str, *words: str) -> dict[str, Any]:
    result = run(path, *words, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


@pytest.fixture
def path(tmp_path: Path) -> str:
    """A store with acc_1 (two browsers with app, one with other) and acc_2, which app's app holds."""
    written = settings_file(tmp_path)
    fill(written, sign_in(), sign_in(), sign_in("other"), hold())
    return written


def test_every_client_and_account_is_a_line(path: str) -> None:
    lines = told(path, "list")["accounts"]

    assert sorted((one["sub"], one["client"], one["state"], one["sessions"]) for one in lines) == [
        ("acc_1", "app", "active", 2),
        ("acc_1", "other", "active", 1),
        ("acc_2", "app", "held by the app", 0),
    ]
    assert {tuple(one["access_modes"]) for one in lines} == {("free_busy",), ("unknown",)}
    assert {one["application"] for one in lines} == {"main"}
    assert all(isinstance(one["refreshed_at"], int) for one in lines)


def test_the_list_is_narrowed_and_cut(path: str) -> None:
    assert {one["client"] for one in told(path, "list", "--client", "app")["accounts"]} == {"app"}
    found = told(path, "list", "--limit", "1")
    assert (len(found["accounts"]), found["more"]) == (1, True)
    shown = run(path, "list", "--limit", "1").stdout
    assert ("acc_1" in shown, "more than 1: see --limit" in shown) == (True, True)


def test_an_account_is_shown_with_profiles_connections_sessions_and_scopes(path: str) -> None:
    (found,) = told(path, "show", "acc_1")["applications"]

    assert found["profiles"] == [
        {"profile_id": "pro_1", "profile_name": "ada@example.com", "access_mode": "free_busy", "connected": True}
    ]
    assert [one["scope"] for one in found["clients"]] == ["free_busy_write"] * 2
    assert len(found["sessions"]) == 3
    (part,) = told(path, "show", "acc_1", "--client", "other")["applications"]
    assert (len(part["clients"]), len(part["sessions"])) == (1, 1)

    shown = run(path, "show", "acc_1").stdout
    for word in ("Application main", "ada@example.com", "free_busy_write", found["sessions"][0]["id"]):
        assert word in shown


def test_an_unknown_account_is_told(path: str) -> None:
    for words in (["acc_3"], ["acc_2", "--client", "other"]):
        result = run(path, "show", *words)
        assert (result.exit_code, "Nothing is known" in result.stderr) == (1, True)


@pytest.mark.parametrize("words", [[], ["--client", "app"]])
def test_while_cronofy_is_away_nothing_is_erased(path: str, words: list[str]) -> None:
    before = told(path, "list"), len(sessions_of(path))
    result = run(path, "erase", "acc_1", *words, "--yes")

    assert (result.exit_code, "upstream_unreachable" in result.stderr) == (1, True)
    assert (told(path, "list"), len(sessions_of(path))) == before


def test_an_account_is_erased_here_only_where_that_is_wished(path: str) -> None:
    found = told(path, "erase", "acc_1", "--keep-at-cronofy", "--yes")

    assert found == {
        "sub": "acc_1",
        "client": None,
        "erased": [
            {
                "application": "main",
                "at_cronofy": "kept",
                "sessions": 3,
                "handles": 0,
                "connections": 2,
                "bindings": 0,
                "others_hang_on_it": False,
            }
        ],
    }
    assert [one["sub"] for one in told(path, "list")["accounts"]] == ["acc_2"]
    again = run(path, "erase", "acc_1", "--yes")
    assert (again.exit_code, "Nothing is known here" in again.stdout) == (0, True)


def test_one_clients_part_is_erased_and_the_others_stays(path: str) -> None:
    result = run(path, "erase", "acc_1", "--client", "app", "--keep-at-cronofy", "--yes")
    assert (result.exit_code, result.stdout.strip()) == (
        0,
        "main: 2 session(s), 0 handle(s), 1 connection(s), 0 binding(s) erased; at Cronofy: left as it is.",
    )
    assert [(one["sub"], one["client"]) for one in told(path, "list")["accounts"]] == [
        ("acc_1", "other"),
        ("acc_2", "app"),
    ]


def test_nothing_is_erased_without_a_yes(path: str) -> None:
    result = run(path, "erase", "acc_1", "--keep-at-cronofy")
    assert (result.exit_code, "--yes" in result.stderr) == (1, True)
    assert "acc_1, every client's part of it" in result.stderr
    assert len(told(path, "list")["accounts"]) == 3


def test_an_unknown_client_is_told(path: str) -> None:
    result = run(path, "erase", "acc_1", "--client", "nobody", "--yes")
    assert (result.exit_code, "client_unknown" in result.stderr) == (1, True)
