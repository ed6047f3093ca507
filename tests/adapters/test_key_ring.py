"""Reading the key ring: strict, and silent about the keys themselves."""

import base64

import pytest

from gateway.adapters.key_ring import KeyRingInvalid, generate_key, parse_key_ring


def test_a_generated_key_is_a_ring() -> None:
    (key,) = parse_key_ring(generate_key())
    assert len(key.secret) == 32
    assert key.secret.hex() not in repr(key)


def test_keys_keep_their_order_newest_first() -> None:
    written = [generate_key() for _ in range(3)]

    for joined in (";".join(written), "\n".join(written), f"  {written[0]} ;\n{written[1]}\n\n{written[2]}\n"):
        assert [base64.urlsafe_b64encode(key.secret).decode() for key in parse_key_ring(joined)] == written


@pytest.mark.parametrize(
    "written",
    [
        "",
        " ; ",
        "not base64!",
        base64.b64encode(b"short").decode(),
        base64.b64encode(b"\0" * 32).decode(),
        base64.b64encode(b"0123456789abcdef0123456789abcdef"[:8] * 4).decode(),
        generate_key()[:-4],
    ],
)
def test_a_bad_ring_is_refused_without_quoting_it(written: str) -> None:
    with pytest.raises(KeyRingInvalid) as caught:
        parse_key_ring(written)

    assert not written.strip(" ;") or written not in str(caught.value)


def test_the_same_key_twice_is_a_mistake() -> None:
    key = generate_key()
    with pytest.raises(KeyRingInvalid, match="twice"):
        parse_key_ring(f"{key};{key}")
