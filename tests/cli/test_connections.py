"""`connections import` and `export`, as far as nobody has to be asked; the journeys ask an emulator."""

import asyncio
import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from gateway.adapters.key_ring import generate_key
from gateway.app.operator import open_doors
from gateway.cli import app
from gateway.config_check import load_settings
from gateway.rules.token_reply import read_token_reply
from tests.flows.fakes import token_reply
from tests.journeys.processes import settings_file
from tests.log_state import kept_log

CANARY = "canary-refresh-0123456789abcdef"


@pytest.fixture(autouse=True)
def _log_as_it_was() -> Iterator[None]:
    with kept_log():
        yield


def store_people(config: Path, *accounts: str) -> None:
    """Store a connection of each account, bound as an import leaves it; the refresh token is `canary-<account>`."""

    async def store() -> None:
        async with open_doors(load_settings(config)) as doors:
            whose = doors.registry.client("my-app")
            for account in accounts:
                reply = token_reply(f"canary-access-{account}", f"canary-{account}", sub=account)
                tokens = read_token_reply(reply.body)
                await doors.browser.connections.connect(whose, tokens)
                await doors.tokens.bindings.remember(whose, tokens, account=account, scope=tokens.scope)

    asyncio.run(store())


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return settings_file(tmp_path)


def run(command: str, *words: str, config: Path, client: str = "my-app") -> Result:
    return CliRunner().invoke(
        app, ["connections", command, *words, "--client", client, "--config", str(config)], env={"COLUMNS": "200"}
    )


def test_lines_that_are_there_or_cannot_be_used_ask_nobody(tmp_path: Path, config: Path) -> None:
    store_people(config, "acc_1", "acc_2")
    people, report = tmp_path / "people.jsonl", tmp_path / "report.jsonl"
    lines = [
        {"refresh_token": "canary-acc_1", "sub": "acc_1"},
        {"refresh_token": "canary-acc_2"},
        {"refreshToken": CANARY},
        {"refresh_token": "canary-acc_2", "account_id": "acc_3"},
    ]
    people.write_text("\n".join(map(json.dumps, lines)) + "\n" + CANARY)
    result = run("import", str(people), "--parallel", "1", "--report", str(report), config=config)

    assert result.exit_code == 1, result.output
    told = [json.loads(line) for line in report.read_text().splitlines()]
    assert [(one["line"], one["sub"], one["outcome"]) for one in told] == [
        (1, "acc_1", "already_there"),
        (2, "acc_2", "already_there"),
        (3, "", "failed"),
        (4, "acc_2", "other_account"),
        (5, "", "failed"),
    ]
    assert "belongs to acc_2, not acc_3" in told[3]["reason"]
    assert "line 3: the line cannot be used (refresh_token is missing; it has refreshToken instead)" in result.stderr
    assert "already there" in result.stdout
    assert not any("canary" in said for said in (result.output, report.read_text()))
    assert stat.S_IMODE(report.stat().st_mode) == 0o600


def test_where_everything_is_there_nothing_failed(tmp_path: Path, config: Path) -> None:
    store_people(config, "acc_1")
    result = CliRunner().invoke(
        app,
        ["connections", "import", "-", "--client", "my-app", "--config", str(config)],
        input='{"refresh_token": "canary-acc_1"}\n',
    )
    assert result.exit_code == 0, result.output
    assert "canary" not in result.output


def test_a_file_that_cannot_be_used_is_told_apart(tmp_path: Path, config: Path) -> None:
    people = tmp_path / "people.jsonl"
    assert run("import", str(people), config=config).exit_code == 2
    people.write_text("\n")
    assert run("import", str(people), config=config).exit_code == 2
    people.write_text("x\n")
    assert run("import", str(people), "--report", str(people), config=config).exit_code == 2
    assert run("import", str(people), "--report", str(tmp_path), config=config).exit_code == 2
    assert people.read_text() == "x\n"
    for option in (("--rate", "51"), ("--rate", "0"), ("--parallel", "0")):
        assert run("import", str(people), *option, config=config).exit_code == 2


def test_a_client_of_the_store_is_moved_like_one_of_the_settings(tmp_path: Path, config: Path) -> None:
    """A disabled one, too: its people are taken along when the app moves away."""
    people = tmp_path / "people.jsonl"
    people.write_text("{}\n")
    for words in (["add", "stored"], ["disable", "stored"]):
        assert CliRunner().invoke(app, ["clients", *words, "--config", str(config)]).exit_code == 0
        assert "the line cannot be used" in run("import", str(people), config=config, client="stored").stdout
        assert "0 connection(s) exported" in run("export", config=config, client="stored").stderr


@pytest.mark.parametrize("command", ["import", "export"])
def test_an_unknown_client_or_a_store_that_forgets_is_refused(tmp_path: Path, config: Path, command: str) -> None:
    """Each import into memory would throw a rotated token away."""
    people = tmp_path / "people.jsonl"
    people.write_text(json.dumps({"refresh_token": CANARY}) + "\n")
    words = [str(people)] if command == "import" else []
    result = run(command, *words, config=config, client="nobody")
    assert (
        result.exit_code,
        "Traceback" in result.output,
        "client nobody is neither in the settings nor in the store; there are: my-app" in result.stderr,
    ) == (1, False, True)

    config.write_text(config.read_text().replace(f"sqlite:///{tmp_path / 'records.db'}", "memory:"))
    result = run(command, *words, config=config)
    assert (result.exit_code, "memory" in result.stderr) == (1, True)


def test_a_store_that_cannot_be_opened_is_told(tmp_path: Path, config: Path) -> None:
    config.write_text(config.read_text().replace(str(tmp_path / "records.db"), "/nowhere/at/all.db"))
    people = tmp_path / "people.jsonl"
    people.write_text(json.dumps({"refresh_token": CANARY}) + "\n")
    result = run("import", str(people), config=config)
    assert (result.exit_code, "Traceback" in result.output, "canary" in result.output) == (1, False, False)


def test_an_export_names_no_token_unless_it_is_asked_to(tmp_path: Path, config: Path) -> None:
    store_people(config, "acc_1", "acc_2")
    result = run("export", config=config)
    assert result.exit_code == 0, result.output
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert sorted(line["sub"] for line in lines) == ["acc_1", "acc_2"]
    assert "canary" not in result.output

    file = tmp_path / "out.jsonl"
    result = run("export", "--account", "acc_2", "--with-tokens", "--out", str(file), config=config)
    assert (result.exit_code, result.stdout) == (0, "")
    (line,) = [json.loads(line) for line in file.read_text().splitlines()]
    assert (line["sub"], line["access_token"], line["refresh_token"]) == (
        "acc_2",
        "canary-access-acc_2",
        "canary-acc_2",
    )
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "canary" not in result.output


def test_an_export_writes_over_a_file_by_force_alone(tmp_path: Path, config: Path) -> None:
    store_people(config, "acc_1")
    file = tmp_path / "out.jsonl"
    file.write_text("before")
    result = run("export", "--out", str(file), config=config)
    assert (result.exit_code, file.read_text()) == (2, "before")
    assert run("export", "--out", str(file), "--force", config=config).exit_code == 0
    assert json.loads(file.read_text())["sub"] == "acc_1"


def test_tokens_are_not_written_to_a_terminal(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal's lines stay in its history, and in whatever records it."""
    store_people(config, "acc_1")
    monkeypatch.setattr("gateway.cli.connections.out", Console(force_terminal=True))
    refused = run("export", "--with-tokens", config=config)
    assert (refused.exit_code, "canary" in refused.output) == (2, False)
    assert run("export", config=config).exit_code == 0
    assert "canary-acc_1" in run("export", "--with-tokens", "--force", config=config).stdout


def test_connections_sealed_with_a_lost_key_are_counted(tmp_path: Path, config: Path) -> None:
    store_people(config, "acc_1")
    settings_file(tmp_path, ring=f'"{generate_key()}"')
    result = run("export", config=config)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "1 connection(s) could not be opened" in result.stderr
