"""Sealing: what is opened is what was sealed, for the same purpose, client and record, and nothing else is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.adapters.key_ring import generate_key, parse_key_ring
from gateway.adapters.sealing import AesGcmSealer
from gateway.flows.bindings import BINDING
from gateway.flows.connections import CONNECTION
from gateway.flows.modes import MODES
from gateway.flows.one_time import RECONNECT, TICKET
from gateway.flows.ports import SealBroken
from gateway.flows.sessions import SESSION
from gateway.flows.sign_in import FLOW

OLD, NEW = generate_key(), generate_key()
SEALER = AesGcmSealer(parse_key_ring(NEW))
PLACE = {"purpose": "binding", "client": "app", "record_id": "r1"}
text = st.text(max_size=20)


@given(st.binary(max_size=200), text, text, text)
def test_what_was_sealed_opens(plain: bytes, purpose: str, client: str, record_id: str) -> None:
    sealed = SEALER.seal(plain, purpose=purpose, client=client, record_id=record_id)

    assert SEALER.open(sealed, purpose=purpose, client=client, record_id=record_id) == plain
    assert len(plain) < 8 or plain not in sealed


@given(st.tuples(text, text, text), st.tuples(text, text, text))
def test_it_opens_for_its_own_place_only(made_for: tuple[str, str, str], asked_for: tuple[str, str, str]) -> None:
    """No two places read the same, not even where one's end is another's beginning."""
    names = ("purpose", "client", "record_id")
    sealed = SEALER.seal(b"x", **dict(zip(names, made_for, strict=True)))
    if made_for == asked_for:
        return

    with pytest.raises(SealBroken):
        SEALER.open(sealed, **dict(zip(names, asked_for, strict=True)))


def test_each_flipped_byte_and_each_cut_is_the_same_refusal() -> None:
    sealed = SEALER.seal(b"a token set", **PLACE)
    damaged = [sealed[:at] + bytes((sealed[at] ^ 1,)) + sealed[at + 1 :] for at in range(len(sealed))]
    damaged += [sealed[:at] for at in range(len(sealed))] + [sealed + b"\0"]

    for one in damaged:
        with pytest.raises(SealBroken) as caught:
            SEALER.open(one, **PLACE)
        assert str(caught.value) == ""


def test_an_older_key_still_opens_and_the_newest_seals() -> None:
    """Rotation loses nobody."""
    before = AesGcmSealer(parse_key_ring(OLD)).seal(b"x", **PLACE)
    both = AesGcmSealer(parse_key_ring(f"{NEW};{OLD}"))

    assert both.open(before, **PLACE) == b"x"
    assert SEALER.open(both.seal(b"y", **PLACE), **PLACE) == b"y"
    with pytest.raises(SealBroken):
        SEALER.open(before, **PLACE)


def test_no_two_of_100_000_sealings_share_key_and_nonce() -> None:
    """The key is derived from the salt, so salt and nonce are the pair (CVE-2021-32791); the bytes look new too."""
    sealings = [SEALER.seal(b"", **PLACE) for _ in range(100_000)]
    assert len({one[9:37] for one in sealings}) == 100_000
    assert len({one[37:] for one in sealings}) == 100_000


PURPOSES = (SESSION, CONNECTION, FLOW, TICKET, RECONNECT, BINDING, MODES)


def test_no_purpose_client_or_record_takes_anothers_sealing() -> None:
    """A flow's cookie is no session, a ticket no permission to reconnect, and one client's record not another's."""
    places = [
        {"purpose": purpose, "client": client, "record_id": record_id}
        for purpose in PURPOSES
        for client in ("", "web", "side")
        for record_id in ("r1", "r2", "web")
    ]
    for made_for in places:
        sealed = SEALER.seal(b"x", **made_for)
        for asked_for in places:
            if asked_for == made_for:
                assert SEALER.open(sealed, **asked_for) == b"x"
                continue
            with pytest.raises(SealBroken):
                SEALER.open(sealed, **asked_for)


def test_no_two_purposes_are_spelled_alike() -> None:
    assert len({*PURPOSES}) == len(PURPOSES)


def test_a_settled_key_seals_and_all_still_open() -> None:
    old, new = parse_key_ring(generate_key())[0], parse_key_ring(generate_key())[0]
    sealer = AesGcmSealer((new, old))
    assert sealer.key_ids == (new.id.hex(), old.id.hex())
    sealer.settle(old.id.hex(), frozenset({"ab" * 8}))
    sealed = sealer.seal(b"x", purpose="p", client="c", record_id="r")

    assert sealer.key_of(sealed) == old.id.hex()
    assert sealer.open(sealed, purpose="p", client="c", record_id="r") == b"x"
    assert not sealer.is_for_others(sealed)
    assert sealer.is_for_others(b"\x01" + bytes.fromhex("ab" * 8) + sealed[9:])
