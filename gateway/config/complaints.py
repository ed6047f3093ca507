"""What is wrong with the settings, said so that it can be mended."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Complaint:
    """Something wrong with the settings.

    Attributes:
        place: dotted name of the setting; never its value where that is a secret.
        problem: what is wrong.
        hint: how to mend it.
        fatal: the gateway does not start with it; else it is a warning.
        line: line of the file, 0 where it is not known.
    """

    place: str
    problem: str
    hint: str
    fatal: bool = True
    line: int = 0


class SettingsInvalid(Exception):
    """The settings cannot be used.

    Attributes:
        complaints: every one.
        files: the secret files that they name, where they could be read so far.
    """

    def __init__(self, complaints: list[Complaint], files: tuple[Path, ...] = ()) -> None:
        super().__init__(f"{len(complaints)} complaints about the settings")
        self.complaints = complaints
        self.files = files
