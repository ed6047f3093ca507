"""What is printed: whole ids, nothing that a terminal obeys, and one JSON document."""

import io
import json

import pytest
from rich.console import Console

from gateway.cli import tables
from gateway.cli.tables import moment, plain, print_json, print_table


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What goes to standard output, a terminal 40 columns wide without colours."""
    screen = io.StringIO()
    monkeypatch.setattr(tables, "out", Console(file=screen, width=40, force_terminal=True, color_system=None))
    return screen


def test_a_name_from_outside_is_printed_and_not_obeyed(printed: io.StringIO) -> None:
    """A profile's name could clear an operator's screen, or be taken for markup."""
    print_table(("name",), [("\x1b[2Jada\x9b\u202e",), ("[red]x[/]",)])
    shown = printed.getvalue()

    assert not {"\x1b", "\x9b", "\u202e"} & set(shown)
    assert "ada" in shown
    assert "[red]x[/]" in shown


def test_what_is_too_wide_goes_on_in_the_next_line(printed: io.StringIO) -> None:
    print_table(("id", "number"), [("0123456789" * 6, 1)])
    shown = "".join(line.split()[0] for line in printed.getvalue().splitlines() if line.strip()[:1].isdigit())
    assert shown == "0123456789" * 6


def test_what_names_a_row_stays_on_one_line(printed: io.StringIO) -> None:
    """An operator copies the id of a session into the next command."""
    print_table(("id", "browser", "what to do"), [("0123456789abcdef", "a long name of a browser", "a long sentence")])
    assert any(line.split()[:1] == ["0123456789abcdef"] for line in printed.getvalue().splitlines())
    assert max(map(len, printed.getvalue().splitlines())) <= 40


def test_a_pipe_gets_each_row_on_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever greps for an id finds it, whatever width is assumed where there is no terminal."""
    file = io.StringIO()
    monkeypatch.setattr(tables, "out", Console(file=file, width=40))
    print_table(("id", "what to do"), [("0123456789" * 6, "run: cronofy-gateway store reseal")])
    (row,) = (line for line in file.getvalue().splitlines() if line.strip()[:1].isdigit())
    assert row.split(maxsplit=1)[0] == "0123456789" * 6
    assert row.rstrip().endswith("run: cronofy-gateway store reseal")


def test_a_document_is_json_in_ascii(printed: io.StringIO) -> None:
    value = {"name": "caf\u00e9 \x1b[2J \u202e" + "x" * 100}
    print_json(value)

    assert json.loads(printed.getvalue()) == value
    assert printed.getvalue().isascii()
    assert "\x1b" not in printed.getvalue()


def test_a_time_is_told_with_its_zone() -> None:
    assert moment(1_800_000_000) == "2027-01-15 08:00 UTC"
    assert moment(0) == ""
    assert plain("plain text 1") == "plain text 1"
