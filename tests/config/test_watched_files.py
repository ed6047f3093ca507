"""Files are watched by their content, and a change counts when it stands still."""

from pathlib import Path

from gateway.config.watched_files import FileWatch, files_of
from gateway.config_check import check_settings
from tests.settings import good_settings


def test_every_secret_file_is_named_and_no_file_of_authorities(tmp_path: Path) -> None:
    for name in ("application", "other", "client", "ring", "url"):
        (tmp_path / name).write_text(f"{name}-0123456789abcdefghijkl")
    settings = check_settings(
        good_settings(
            applications={
                "main": {
                    "client_id": "id",
                    "client_secret_file": tmp_path / "application",
                    "other_client_secret_file": tmp_path / "other",
                }
            },
            clients={"app": {"secrets_file": tmp_path / "client"}},
            store={"url": "memory:", "ca_file": tmp_path / "ca"},
        )
    ).settings

    assert {one.name for one in files_of(settings)} == {"application", "other", "client"}


def test_a_change_counts_when_it_has_stood_still(tmp_path: Path) -> None:
    """Half a settings file may be good TOML that lacks the clients of its other half."""
    path = tmp_path / "gateway.toml"
    path.write_text("whole")
    watch = FileWatch([path])
    assert watch.has_changed() is False
    path.write_text("ha")
    assert watch.has_changed() is False
    path.write_text("half")
    assert watch.has_changed() is False
    assert watch.has_changed() is True
    assert watch.has_changed() is False


def test_a_file_that_was_written_anew_or_touched_has_not_changed(tmp_path: Path) -> None:
    path = tmp_path / "gateway.toml"
    path.write_text("same")
    watch = FileWatch([path])
    path.unlink()
    path.write_text("same")
    assert [watch.has_changed() for _ in range(2)] == [False, False]


def test_a_file_that_goes_and_a_link_that_moves_are_changes(tmp_path: Path) -> None:
    """A mounted secret is a link into a folder that is changed as a whole."""
    for name in ("old", "new"):
        (tmp_path / name).write_text(name)
    link = tmp_path / "secret"
    link.symlink_to(tmp_path / "old")
    watch = FileWatch([link])
    link.unlink()
    assert [watch.has_changed() for _ in range(2)] == [False, True]
    link.symlink_to(tmp_path / "new")
    assert [watch.has_changed() for _ in range(2)] == [False, True]


def test_what_was_taken_is_known(tmp_path: Path) -> None:
    path = tmp_path / "gateway.toml"
    path.write_text("one")
    watch = FileWatch([path])
    path.write_text("two")
    watch.take()
    assert [watch.has_changed() for _ in range(2)] == [False, False]


def test_a_file_that_is_followed_later_counts_from_then_on(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_text("a")
    watch = FileWatch([first])
    first.write_text("b")
    watch.follow([first, second])
    assert watch.has_changed() is True  # what changed before is not forgotten
    second.write_text("now it is there")
    assert [watch.has_changed() for _ in range(2)] == [False, True]


def test_a_file_that_comes_between_a_failed_reading_and_the_next_look_is_not_missed(tmp_path: Path) -> None:
    """Its content was not read, so it must not be taken for known."""
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_text("a")
    watch = FileWatch([first])
    second.write_text("it has just come")
    watch.follow([first, second], missing=True)
    assert watch.has_changed() is True
    watch.take()
    watch.follow([first, second], missing=True)
    assert watch.has_changed() is False
