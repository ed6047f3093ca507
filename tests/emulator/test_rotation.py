import pytest

from gateway.emulator.rotation import Rotation, rotation_from


@pytest.mark.parametrize(
    ("fields", "rotation"),
    [
        ({"on": True}, Rotation(kind="strict")),
        ({"on": False}, Rotation(kind="off")),
        ({"kind": "off"}, Rotation(kind="off")),
        ({"kind": "strict"}, Rotation(kind="strict")),
        ({"kind": "grace"}, Rotation(kind="grace", grace=30.0)),
        ({"kind": "grace", "grace": 2.5}, Rotation(kind="grace", grace=2.5)),
        ({"kind": "grace", "grace": 0}, Rotation(kind="grace", grace=0.0)),
        ({"kind": "strict", "reuse_revokes": True}, Rotation(kind="strict", reuse_revokes=True)),
        ({"on": True, "reuse_revokes": True}, Rotation(kind="strict", reuse_revokes=True)),
        ({"kind": "grace", "reuse_revokes": False}, Rotation(kind="grace")),
    ],
)
def test_a_kind_can_be_chosen_with_what_belongs_to_it(fields: dict[str, object], rotation: Rotation) -> None:
    assert rotation_from(fields) == rotation


@pytest.mark.parametrize(
    ("fields", "bad", "allowed"),
    [
        ({}, "on", "true or false, or kind"),
        ({"on": 1}, "on", "true or false"),
        ({"on": True, "kind": "strict"}, "on", "do not mix"),
        ({"kind": "sometimes"}, "kind", "off, strict, grace"),
        ({"kind": None}, "kind", "off, strict, grace"),
        ({"kind": ["off"]}, "kind", "off, strict, grace"),
        ({"kind": "grace", "grace": -1}, "grace", "0 to 86400"),
        ({"kind": "grace", "grace": 86401}, "grace", "0 to 86400"),
        ({"kind": "grace", "grace": True}, "grace", "0 to 86400"),
        ({"kind": "grace", "grace": None}, "grace", "0 to 86400"),
        ({"kind": "grace", "grace": float("nan")}, "grace", "0 to 86400"),
        ({"kind": "strict", "grace": 5}, "grace", "kind grace only"),
        ({"on": True, "grace": 5}, "grace", "kind grace only"),
        ({"kind": "strict", "reuse_revokes": 1}, "reuse_revokes", "true or false"),
        ({"kind": "grace", "reuse_revokes": True}, "reuse_revokes", "kind strict only"),
        ({"on": False, "reuse_revokes": True}, "reuse_revokes", "kind strict only"),
        ({"kind": "off", "grace": 5}, "grace", "kind grace only"),
        ({"on": True, "graces": 5}, "graces", "on, kind, grace, reuse_revokes"),
    ],
)
def test_a_bad_field_is_told_with_what_is_allowed(fields: dict[str, object], bad: str, allowed: str) -> None:
    """A setting that would do nothing is a bad one too: a test that gives it expects something of it."""
    complaints = rotation_from(fields)

    assert not isinstance(complaints, Rotation)
    assert list(complaints) == [bad]
    assert allowed in complaints[bad][1]


@pytest.mark.parametrize(("kind", "end"), [("strict", 1000.0), ("grace", 1007.0)])
def test_only_a_grace_lets_a_replaced_token_live_on(kind: str, end: float) -> None:
    fields = {"kind": kind} | ({"grace": 7} if kind == "grace" else {})
    rotation = rotation_from(fields)

    assert isinstance(rotation, Rotation)
    assert rotation.end_of_replaced(1000.0) == end
