"""Secrets come from values or files, and are judged without being quoted."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from gateway.config.secret_files import Secrets

GOOD = "a-good-secret-0123456789abcdef"


def test_a_file_is_read_without_its_line_end(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(GOOD + "\n")
    reader = Secrets(lenient=False)

    assert reader.one("place", None, file) == GOOD
    assert reader.many("place", [], file) == (GOOD,)
    assert reader.complaints == []


def test_a_value_and_a_file_are_one_too_many(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(GOOD)
    reader = Secrets(lenient=False)
    reader.text("place", SecretStr(GOOD), file)
    assert [(one.place, one.fatal) for one in reader.complaints] == [("place", True)]


@pytest.mark.parametrize("lenient", [True, False])
@pytest.mark.parametrize("secret", ["short", "a" * 40])
def test_a_weak_one_is_a_complaint_that_does_not_quote_it(secret: str, *, lenient: bool) -> None:
    reader = Secrets(lenient=lenient)
    reader.one("place", SecretStr(secret), None)
    (complaint,) = reader.complaints
    assert complaint.fatal is not lenient
    assert secret not in f"{complaint}"


def test_a_missing_one_and_a_file_that_cannot_be_read_are_told_once(tmp_path: Path) -> None:
    reader = Secrets(lenient=True)
    reader.one("first", None, None)
    reader.one("second", None, tmp_path / "nowhere")
    assert [one.place for one in reader.complaints] == ["first", "second_file"]


def test_secrets_that_come_later_are_a_warning_but_an_empty_file_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    reader = Secrets(lenient=False)
    assert reader.many("first", [], None, missing="issue one") == ()
    reader.many("second", [], tmp_path / "empty", missing="issue one")
    reader.many("third", [SecretStr("short")], None, missing="issue one")

    assert [(one.place, one.fatal) for one in reader.complaints] == [
        ("first", False),
        ("second", True),
        ("third", True),
    ]
