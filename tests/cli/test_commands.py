"""The command line, without the commands that stay up: the journeys start those as real processes."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway import VERSION
from gateway.adapters.key_ring import generate_key, parse_key_ring
from gateway.cli import app
from tests.log_state import kept_log

RUNNER = CliRunner()
GOOD = """
public_url = "https://gateway.example.com"
[keys]
ring = "{key}"
[applications.main]
client_id = "id"
client_secret = "CRN_0123456789abcdefghijklmnop"
[clients.app]
secrets = ["app-secret-0123456789abcdef"]
"""


@pytest.fixture(autouse=True)
def _log_as_it_was() -> Iterator[None]:
    with kept_log():
        yield


def test_keys_generate_prints_a_key_that_is_a_ring() -> None:
    result = RUNNER.invoke(app, ["keys", "generate"])
    assert result.exit_code == 0
    assert len(parse_key_ring(result.stdout)) == 1


def test_the_version_is_the_packages() -> None:
    assert RUNNER.invoke(app, ["--version"]).stdout.strip() == VERSION


def test_check_config_says_yes(tmp_path: Path) -> None:
    path = tmp_path / "gateway.toml"
    path.write_text(GOOD.format(key=generate_key()))
    result = RUNNER.invoke(app, ["check-config", "--config", str(path)])
    assert (result.exit_code, "can be used" in result.stdout) == (0, True)


def test_check_config_says_what_is_lost_with_the_cookie_shape(tmp_path: Path) -> None:
    path = tmp_path / "gateway.toml"
    path.write_text(GOOD.format(key=generate_key()) + '[sessions]\nshape = "cookie"\n')
    result = RUNNER.invoke(app, ["check-config", "--config", str(path)])

    assert (result.exit_code, "can be used" in result.stdout) == (0, True)
    assert result.stderr.count(":11: sessions.shape is cookie: ") == 5


@pytest.mark.parametrize("command", ["check-config", "serve"])
def test_every_complaint_is_printed_and_no_secret(tmp_path: Path, command: str) -> None:
    path = tmp_path / "gateway.toml"
    path.write_text(GOOD.format(key="canary-key").replace("https", "http") + 'redirect_uris = ["ftp://x"]\n')
    result = RUNNER.invoke(app, [command, "--config", str(path)])

    assert result.exit_code == 1
    assert result.stdout == ""
    for word in ("gateway.toml:2: public_url", "gateway.toml:10: clients.app.redirect_uris"):
        assert word in result.stderr.replace("\n", "")
    assert "canary" not in result.output


def test_a_key_that_is_none_is_a_complaint_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "gateway.toml"
    path.write_text(GOOD.format(key="canary-key"))
    result = RUNNER.invoke(app, ["check-config", "--config", str(path)])
    assert (result.exit_code, "keys.ring" in result.stderr, "canary" in result.output) == (1, True, False)


def test_without_a_file_the_variables_speak(monkeypatch: pytest.MonkeyPatch) -> None:
    result = RUNNER.invoke(app, ["check-config"])
    assert (result.exit_code, "public_url" in result.stderr) == (1, True)

    for name, value in {
        "PUBLIC_URL": "https://gateway.example.com",
        "KEYS__RING": generate_key(),
        "APPLICATIONS__MAIN__CLIENT_ID": "id",
        "APPLICATIONS__MAIN__CLIENT_SECRET": "CRN_0123456789abcdefghijklmnop",
        "CLIENTS__APP__SECRETS": '["app-secret-0123456789abcdef"]',
    }.items():
        monkeypatch.setenv(f"GATEWAY__{name}", value)
    assert RUNNER.invoke(app, ["check-config"]).exit_code == 0


def _written(tmp_path: Path) -> str:
    path = tmp_path / "gateway.toml"
    store = f'[store]\nurl = "sqlite:///{tmp_path}/records.db"\n'
    path.write_text(GOOD.format(key=generate_key()) + store)
    return str(path)


def test_doctor_says_what_to_do_at_cronofy(tmp_path: Path) -> None:
    result = RUNNER.invoke(app, ["doctor", "--config", _written(tmp_path)])
    assert result.exit_code == 0
    for word in ("register these redirect URIs", "Features"):
        assert word in result.stdout


def test_explain_tells_the_operator_what_a_call_would_come_to(tmp_path: Path) -> None:
    words = ["explain", "get", "/v1/events", "--client", "app", "--account", "acc_1", "--config", _written(tmp_path)]
    result = RUNNER.invoke(app, words)
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert (told["connected"], told["operation"], told["access_mode"]) == (False, "read_events", "unknown")


@pytest.mark.parametrize(("path", "client"), [("/v1/nothing", "app"), ("/v1/events", "nobody")])
def test_explain_refuses_what_it_cannot_know(tmp_path: Path, path: str, client: str) -> None:
    words = ["explain", "GET", path, "--client", client, "--account", "acc_1", "--config", _written(tmp_path)]
    result = RUNNER.invoke(app, words)
    assert result.exit_code == 1
    assert "Traceback" not in result.output
