"""Settings in a file, with keys in a file of their own and a SQLite store, for commands that work on them."""

import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from gateway.adapters.key_ring import generate_key, parse_key_ring
from gateway.cli import app

RUNNER = CliRunner()


class Stage:
    """A folder with everything that a command needs."""

    def __init__(self, folder: Path, *, ring: str = "") -> None:
        self.folder = folder
        self.ring_file = folder / "ring"
        self.ring_file.write_text(ring or generate_key() + "\n")
        self.config = folder / "gateway.toml"
        self.config.write_text(
            f"""public_url = "http://127.0.0.1:8080"
[store]
url = "sqlite:///{folder / "records.db"}"
[keys]
ring_file = "{self.ring_file}"
[applications.main]
client_id = "id"
client_secret = "CRN_0123456789abcdefghijklmnop"
emulator_url = "http://127.0.0.1:9"
[clients.app]
secrets = ["app-secret-0123456789abcdef"]
"""
        )

    @property
    def key_ids(self) -> list[str]:
        """Names of the ring's keys, newest first."""
        return [key.id.hex() for key in parse_key_ring(self.ring_file.read_text())]

    def run(self, *arguments: str, code: int = 0) -> str:
        """Run a command with the settings; return what it printed."""
        result = RUNNER.invoke(app, [*arguments, "--config", str(self.config)], env={"COLUMNS": "200"})
        assert result.exit_code == code, (result.stdout, result.stderr, result.exception)
        return result.stdout + result.stderr

    def json(self, *arguments: str) -> Any:
        """Run a command for machines."""
        return json.loads(self.run(*arguments, "--json"))
