"""Every command reads the settings in the same way, and leaves with every complaint when they are bad."""

from pathlib import Path

import pytest
import typer

from gateway.cli.settings import load


def test_bad_settings_end_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "gateway.toml"
    path.write_text('public_url = "ftp://x"\n')
    with pytest.raises(typer.Exit) as caught:
        load(path)

    assert caught.value.exit_code == 1
    assert "public_url" in capsys.readouterr().err
