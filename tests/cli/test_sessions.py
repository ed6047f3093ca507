"""`sessions list | end`, over a store on disk."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from gateway.cli import app
from tests.cli.stored import SECRETS, fill, settings_file, sign_in

RUNNER = CliRunner(env={"COLUMNS": "300"})


def run(path: str, *words: str) -> Result:
    result = RUNNER.invoke(app, ["sessions", *words, "--config", path])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert not [word for word in SECRETS if word in result.output]
    return result


def listed(path: str, *words: str) -> list[dict[str, Any]]:
    result = run(path, "list", "--json", *words)
    assert result.exit_code == 0, result.output
    found: list[dict[str, Any]] = json.loads(result.stdout)["sessions"]
    return found


@pytest.fixture
def path(tmp_path: Path) -> str:
    """A store with three sessions: two of acc_1 with app, one of acc_2 with other."""
    written = settings_file(tmp_path)
    fill(written, sign_in(), sign_in(user_agent="Chromium"), sign_in("other", "acc_2"))
    return written


def test_every_session_is_listed_with_what_an_operator_needs(path: str) -> None:
    found = listed(path)

    assert sorted((one["client"], one["sub"], one["user_agent"]) for one in found) == [
        ("app", "acc_1", "Chromium"),
        ("app", "acc_1", "Firefox"),
        ("other", "acc_2", "Firefox"),
    ]
    one = found[0]
    assert one.keys() == {
        "id", "client", "sub", "profile_id", "created_at", "seen_at", "expires_in", "idle_expires_in", "user_agent",
    }  # fmt: skip
    assert (one["profile_id"], type(one["created_at"]), len(one["id"])) == ("pro_1", int, 32)
    assert 0 < one["idle_expires_in"] < one["expires_in"]
    seen = [each["seen_at"] for each in found]
    assert seen == sorted(seen, reverse=True)


def test_the_list_is_narrowed_and_cut(path: str) -> None:
    assert {one["sub"] for one in listed(path, "--client", "app")} == {"acc_1"}
    assert {one["client"] for one in listed(path, "--account", "acc_2")} == {"other"}
    assert listed(path, "--client", "app", "--account", "acc_2") == []
    result = run(path, "list", "--limit", "2", "--json")
    told = json.loads(result.stdout)
    assert (len(told["sessions"]), told["more"]) == (2, True)
    assert json.loads(run(path, "list", "--limit", "3", "--json").stdout)["more"] is False


def test_people_get_a_table_with_ids_to_copy(path: str) -> None:
    shown = run(path, "list").stdout
    for one in listed(path):
        assert one["id"] in shown
    assert "signed in" in shown
    assert "more than 1: see --limit" in run(path, "list", "--limit", "1").stdout


def test_one_session_is_ended_by_its_id_without_a_question(path: str) -> None:
    wanted = listed(path, "--account", "acc_2")[0]["id"]
    result = run(path, "end", wanted)
    assert (result.exit_code, result.stdout.strip()) == (0, "1 session(s) ended.")
    assert {one["sub"] for one in listed(path)} == {"acc_1"}

    again = run(path, "end", wanted)
    assert (again.exit_code, "No session has this id" in again.stderr) == (1, True)


def test_more_than_one_are_not_ended_without_a_yes(path: str) -> None:
    """A script that was meant for one must not sign everybody out."""
    result = run(path, "end", "--client", "app")
    assert result.exit_code == 1
    assert "This ends 2 sessions." in result.stderr
    assert "--yes" in result.stderr
    assert len(listed(path)) == 3

    result = run(path, "end", "--client", "app", "--yes", "--json")
    assert (result.exit_code, json.loads(result.stdout)) == (0, {"ended": 2})
    assert {one["client"] for one in listed(path)} == {"other"}


@pytest.mark.parametrize(("words", "left"), [(["--account", "acc_1", "--yes"], 1), (["--account", "acc_2"], 2)])
def test_all_of_an_account_are_ended(path: str, words: list[str], left: int) -> None:
    assert run(path, "end", *words).exit_code == 0
    assert len(listed(path)) == left


def test_where_there_is_none_nothing_is_ended_and_that_is_no_error(path: str) -> None:
    result = run(path, "end", "--client", "nobody")
    assert (result.exit_code, result.stdout.strip()) == (0, "0 session(s) ended.")
    assert len(listed(path)) == 3


def test_somebody_has_to_be_named(path: str) -> None:
    assert run(path, "end", "--yes").exit_code == 1
    assert len(listed(path)) == 3
