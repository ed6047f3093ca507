"""The signature on Cronofy's callbacks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.callback_signatures import is_signed, sign

BODY = b'{"example":"well-known"}'
# The first of Cronofy's documentation, the others of a close reading of it; all of the same body.
VECTORS = [
    ("pDY0Oi7TJSP2hfNmZNkm5", "6r2/HjBkqymGegX0wOfifieeUXbbHwtV/LohHS+jv6c="),
    ("CRN_NggYusqPGLxwjw5FHOJYOqSrTPNXy8WQf14OID", "5DxentQi5YSXODEzTVv06sRwJ3pULIz1KrYv20qxEK0="),
    ("CRN_nGlYDFXwfSXgB9rvGNBJyfE454GGPtWIbNuPwr", "BmQmWVuZ70ILWjr1CAt5oC7YOolgnku4WZtlrKfx/6k="),
]
SECRETS = [secret for secret, _ in VECTORS]


@pytest.mark.parametrize(("secret", "value"), VECTORS)
def test_the_documented_signatures_are_made_and_taken(secret: str, value: str) -> None:
    assert sign(BODY, [secret]) == value
    assert is_signed(BODY, value, [secret])


def test_every_secret_signs_and_no_space_is_between() -> None:
    """Four of the SDKs split at the comma and do not trim."""
    assert sign(BODY, SECRETS) == ",".join(value for _, value in VECTORS)


@pytest.mark.parametrize("separator", [",", ", ", " , ", ",\t"])
def test_one_right_signature_among_several_is_enough(separator: str) -> None:
    """While a secret is exchanged Cronofy signs with both, and either side may know one of them only."""
    header = separator.join(["bm9uc2Vuc2U=", VECTORS[1][1]])
    assert is_signed(BODY, header, ["another", SECRETS[1]])


@pytest.mark.parametrize(
    "header", ["", ",", " ", "=", VECTORS[1][1], VECTORS[0][1][:-1], VECTORS[0][1].lower(), "\udcff"]
)
def test_anything_else_is_no_signature(header: str) -> None:
    assert not is_signed(BODY, header, SECRETS[:1])


def test_no_secret_signs_nothing() -> None:
    assert sign(BODY, []) == ""
    assert not is_signed(BODY, "", [])


@given(st.binary(), st.lists(st.text(min_size=1, alphabet=st.characters(codec="utf-8")), min_size=1, max_size=3))
def test_what_is_signed_is_taken_by_each_of_its_secrets_and_no_other_body_is(raw: bytes, secrets: list[str]) -> None:
    header = sign(raw, secrets)
    assert all(is_signed(raw, header, [secret]) for secret in secrets)
    assert not is_signed(raw + b" ", header, secrets)
