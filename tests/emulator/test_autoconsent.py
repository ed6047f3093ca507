import pytest

from gateway.emulator.autoconsent import Choice, choice_from


def test_everything_has_a_default() -> None:
    assert choice_from({}) == Choice(email="person@example.com", provider="google", mode="read_write", decline=False)


def test_an_address_is_taken_in_lower_case() -> None:
    choice = choice_from({"email": " Ada@Example.com "})

    assert isinstance(choice, Choice)
    assert choice.email == "ada@example.com"


@pytest.mark.parametrize(
    ("fields", "bad", "allowed"),
    [
        ({"mode": "all"}, "mode", "read_write, free_busy, no_access"),
        ({"mode": None}, "mode", "read_write"),
        ({"provider": ["google"]}, "provider", "google, microsoft, apple, exchange"),
        ({"email": "nobody"}, "email", "person@example.com"),
        ({"email": 7}, "email", "person@example.com"),
        ({"decline": "yes"}, "decline", "true or false"),
        ({"mod": "free_busy"}, "mod", "mode, provider, email and decline"),
        ({"mode": "free_busy", "provider": "apple"}, "mode", "google or microsoft"),
        ({"mode": "free_busy", "provider": "exchange"}, "mode", "google or microsoft"),
    ],
)
def test_a_bad_field_is_told_with_what_is_allowed(fields: dict[str, object], bad: str, allowed: str) -> None:
    complaints = choice_from(fields)

    assert not isinstance(complaints, Choice)
    assert list(complaints) == [bad]
    assert allowed in complaints[bad][1]
