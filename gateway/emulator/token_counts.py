"""How many token requests were carried out: a test waits on it until a refresh has reached Cronofy."""

from dataclasses import asdict, dataclass


@dataclass(slots=True)
class TokenCounts:
    """Counted as soon as the token endpoint has done its work, while an ordered delay still holds the answer.

    Attributes:
        refreshes: refresh tokens that were answered with tokens.
        codes: codes that were.
        refused: requests of any grant type, or none, that were turned down.
    """

    refreshes: int = 0
    codes: int = 0
    refused: int = 0

    def described(self) -> dict[str, object]:
        """The counts as JSON."""
        return asdict(self)
