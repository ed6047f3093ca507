"""Which access modes a client takes, and what happens to a person who connected in another.

Without a list every mode is fine. A policy that changed later only concerns new sign-ins: nobody who is connected loses
anything by it.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from gateway.rules.access_mode import AccessMode
from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused
from gateway.rules.provider_hints import provider_hint

Mode = Literal[AccessMode.READ_WRITE, AccessMode.FREE_BUSY, AccessMode.NO_ACCESS]


class OnOtherMode(StrEnum):
    """What happens to a person who connected in a mode that the client does not take."""

    REFUSE = "refuse"
    WARN = "warn"
    ALLOW = "allow"


class RevokeRefused(StrEnum):
    """What becomes of the profile of a person who was refused."""

    PROFILE = "profile"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class ModePolicy:
    """A client's policy.

    Attributes:
        accepted: the modes that it takes; empty means every one.
        preferred: the mode that a person is led to, by Cronofy's `provider_name`; None leaves the choice to Cronofy.
        preferred_provider: `google` or `microsoft`, which Free/Busy needs to be led to; empty for none.
        on_other_mode: refuse, warn or allow.
        revoke_refused: disconnect a refused profile at Cronofy, or leave it.
    """

    accepted: frozenset[AccessMode] = frozenset()
    preferred: AccessMode | None = None
    preferred_provider: str = ""
    on_other_mode: OnOtherMode = OnOtherMode.REFUSE
    revoke_refused: RevokeRefused = RevokeRefused.PROFILE

    def takes(self, mode: AccessMode) -> bool:
        """Say whether a mode is taken; what is not known, or is no mode of a person's, always is."""
        ruled = mode in {AccessMode.READ_WRITE, AccessMode.FREE_BUSY, AccessMode.NO_ACCESS}
        return not self.accepted or not ruled or mode in self.accepted

    @property
    def hint(self) -> str:
        """Cronofy's `provider_name` for the preferred mode; empty where nothing is preferred."""
        return provider_hint(self.preferred, self.preferred_provider) if self.preferred else ""


def mode_refused(mode: AccessMode, policy: ModePolicy) -> RequestRefused:
    """Make the refusal of a sign-in in another mode."""
    taken = ", ".join(sorted(policy.accepted))
    return RequestRefused(
        Code.MODE_REFUSED,
        f"The calendar was connected in {mode} mode; this app takes: {taken}. Connect again in such a mode.",
    )
