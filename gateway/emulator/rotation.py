"""What a refresh does to the refresh token: nothing, replace it at once, or replace it with a grace.

Cronofy's docs only say that the refresh token of an answer is the one to keep, so a client must stand all three.
Sources: https://docs.cronofy.com/developers/api/authorization/refresh-token and RFC 9700 section 4.14.2
"""

from dataclasses import asdict, dataclass
from typing import Final, Literal, get_args

from gateway.emulator.bodies import Body, number_within
from gateway.emulator.refusals import Complaints

RotationKind = Literal["off", "strict", "grace"]

_KINDS: Final[tuple[RotationKind, ...]] = get_args(RotationKind)
_FIELDS: Final = ("on", "kind", "grace", "reuse_revokes")
_DEFAULT_GRACE: Final = 30.0
_LONGEST_GRACE: Final = 86_400.0  # seconds; real servers give seconds to minutes


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """How refresh tokens rotate.

    Attributes:
        kind: `off` leaves them as they are; `strict` replaces one by its use and ends it at once; with `grace` a
            replaced one still works for a while and is answered with the present one.
        grace: seconds for which a replaced one still works; only `grace` looks at it.
        reuse_revokes: the use of a replaced one ends the whole authorization; only `strict` has it.
    """

    kind: RotationKind = "off"
    grace: float = _DEFAULT_GRACE
    reuse_revokes: bool = False

    def end_of_replaced(self, now: float) -> float:
        """Say until when a token that is replaced now still works, in Unix seconds."""
        return now + self.grace if self.kind == "grace" else now

    def described(self) -> dict[str, object]:
        """The choice as JSON."""
        return asdict(self)


def rotation_from(fields: Body) -> Rotation | Complaints:
    """Read a choice, or say of each bad field what is allowed. `on` is short for `strict` and `off`."""
    kind = _kind_of(fields)
    complaints: dict[str, tuple[str, str]] = {} if isinstance(kind, str) else dict(kind)
    grace = number_within(fields.get("grace", _DEFAULT_GRACE), 0, _LONGEST_GRACE)
    reuse_revokes = fields.get("reuse_revokes", False)
    if grace is None:
        complaints["grace"] = ("errors.invalid", "grace is a number of seconds from 0 to 86400")
    elif "grace" in fields and kind in {"off", "strict"}:
        complaints["grace"] = ("errors.invalid", "grace goes with kind grace only")
    if not isinstance(reuse_revokes, bool):
        complaints["reuse_revokes"] = ("errors.invalid", "reuse_revokes is true or false")
    elif reuse_revokes and kind in {"off", "grace"}:
        complaints["reuse_revokes"] = ("errors.invalid", "reuse_revokes goes with kind strict only")
    for unknown in sorted(set(fields) - set(_FIELDS)):
        complaints[unknown] = ("errors.not_recognized", f"the fields are {', '.join(_FIELDS)}")
    if complaints or grace is None or not isinstance(kind, str):
        return complaints
    return Rotation(kind=kind, grace=grace, reuse_revokes=reuse_revokes is True)


def _kind_of(fields: Body) -> RotationKind | Complaints:
    on = fields.get("on")
    if "kind" not in fields:
        if not isinstance(on, bool):
            return {"on": ("errors.invalid", "on is true or false, or kind stands in its place")}
        return "strict" if on else "off"
    if "on" in fields:
        return {"on": ("errors.invalid", "on and kind do not mix")}
    known = next((kind for kind in _KINDS if kind == fields["kind"]), None)
    return known or {"kind": ("errors.not_recognized", f"kind is one of {', '.join(_KINDS)}")}
