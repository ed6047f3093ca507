import re

from gateway.emulator.ids import fingerprint, new_token, stable_calendar_id, stable_id


def test_account_ids_have_28_characters() -> None:
    assert re.fullmatch(r"acc_[0-9a-f]{24}", stable_id("acc", "ada@example.com"))


def test_the_same_thing_has_the_same_id() -> None:
    assert stable_id("acc", "a") == stable_id("acc", "a") != stable_id("acc", "b")
    assert fingerprint("ab", "c") != fingerprint("a", "bc")


def test_any_text_can_be_named() -> None:
    """A lone surrogate can come out of a JSON body."""
    assert stable_id("evt", "\ud800")


def test_a_calendar_id_can_hold_an_at_sign() -> None:
    assert "@" in stable_calendar_id("pro_1", "Calendar", with_at=True)
    assert "@" not in stable_calendar_id("pro_1", "Calendar", with_at=False)


def test_tokens_have_32_characters_and_differ() -> None:
    tokens = {new_token() for _ in range(50)}

    assert len(tokens) == 50
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{32}", token) for token in tokens)
