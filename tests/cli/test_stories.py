"""What every operator's command does alike: settings, store, refusals, and a question before what cannot be undone."""

import sys
from pathlib import Path

import pytest
import typer

from gateway.cli.stories import confirm, refused, run_story
from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused
from gateway.web.keys import PublicDoors
from tests.cli.stored import settings_file


async def story(doors: PublicDoors) -> str:
    return doors.browser.logout_url


def test_a_story_runs_over_the_store_that_the_settings_name(tmp_path: Path) -> None:
    assert run_story(Path(settings_file(tmp_path)), story) == "https://gateway.example.com/auth/logout"
    assert (tmp_path / "records.db").exists()


@pytest.mark.parametrize("store", ["memory:", "sqlite:////nowhere/at/all.db"])
def test_a_store_that_cannot_be_looked_into_ends_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], store: str
) -> None:
    """Of a store in memory there would be an empty one, and an operator would believe that it is."""
    with pytest.raises(typer.Exit) as caught:
        run_story(Path(settings_file(tmp_path, store=store)), story)

    assert caught.value.exit_code == 1
    assert "store" in capsys.readouterr().err


def test_a_refusal_is_told_with_its_code_and_no_traceback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def refusing(_doors: PublicDoors) -> None:
        raise RequestRefused(Code.CLIENT_UNKNOWN, "Nobody of this name.", detail="[red]x[/]")

    with pytest.raises(typer.Exit) as caught:
        run_story(Path(settings_file(tmp_path)), refusing)

    assert caught.value.exit_code == 1
    assert capsys.readouterr().err.strip() == "client_unknown Nobody of this name. ([red]x[/])"


def test_a_story_may_end_the_command_itself(tmp_path: Path) -> None:
    async def leaving(_doors: PublicDoors) -> None:
        raise refused("no")

    with pytest.raises(typer.Exit):
        run_story(Path(settings_file(tmp_path)), leaving)


@pytest.mark.parametrize(("answer", "goes_on"), [(True, True), (False, False)])
def test_at_a_terminal_it_is_asked(monkeypatch: pytest.MonkeyPatch, *, answer: bool, goes_on: bool) -> None:
    asked: list[str] = []

    def ask(question: str, *, err: bool) -> bool:
        assert err  # standard output may be a document
        asked.append(question)
        return answer

    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr(typer, "confirm", ask)
    if goes_on:
        confirm("This ends 2 sessions.", yes=False)
    else:
        with pytest.raises(typer.Exit):
            confirm("This ends 2 sessions.", yes=False)
    assert asked == ["This ends 2 sessions. Go on?"]


def test_elsewhere_it_must_have_been_said_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False)
    with pytest.raises(typer.Exit):
        confirm("This ends 2 sessions.", yes=False)
    confirm("This ends 2 sessions.", yes=True)
