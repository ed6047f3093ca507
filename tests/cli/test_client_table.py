"""A client's settings come from options, from a file, or from both."""

from pathlib import Path

import pytest

from gateway.cli.client_table import TableUnusable, read_table


@pytest.mark.parametrize(
    ("name", "text"), [("a.toml", 'custody = "gateway"\nhome = "x"'), ("a.json", '{"custody": "gateway", "home": "x"}')]
)
def test_an_option_wins_over_the_file(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    options = {"home": "y", "origins": ["z"], "application": "", "redirect_uris": None, "service_door": False}

    assert read_table(tmp_path / name, options) == {"custody": "gateway", "home": "y", "origins": ["z"]}
    assert read_table(None, options) == {"home": "y", "origins": ["z"]}


@pytest.mark.parametrize(
    ("name", "content"), [("a.toml", b"no toml"), ("a.json", b"{"), ("a.json", b"[]"), ("a.toml", b"\xff")]
)
def test_a_file_that_is_no_table_is_a_sentence(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(TableUnusable, match=name):
        read_table(tmp_path / name, {})


def test_a_file_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(TableUnusable, match="No such file"):
        read_table(tmp_path / "nothing.toml", {})
