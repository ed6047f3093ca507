"""Every command reads the settings in the same way, and leaves with every complaint when they are bad."""

from pathlib import Path

import pytest
import typer

from gateway.cli.settings import load, told
from gateway.rules.errors import StoreUnavailable


def test_bad_settings_end_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "gateway.toml"
    path.write_text('public_url = "ftp://x"\n')
    with pytest.raises(typer.Exit) as caught:
        load(path)

    assert caught.value.exit_code == 1
    assert "public_url" in capsys.readouterr().err


def test_a_forgotten_settings_file_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    """`public_url field required` alone leads nobody to the option that they left out."""
    with pytest.raises(typer.Exit):
        load(None)

    assert "--config gateway.toml" in capsys.readouterr().err


def test_a_store_that_cannot_be_used_is_told_by_its_reason(capsys: pytest.CaptureFixture[str]) -> None:
    """`Try again shortly` helps nobody whose tables have to be made first."""
    with pytest.raises(typer.Exit) as caught, told():
        raise StoreUnavailable("run: cronofy-gateway store migrate")

    assert caught.value.exit_code == 1
    assert capsys.readouterr().err.strip() == (
        "store_unavailable The record store cannot be used: run: cronofy-gateway store migrate"
    )
