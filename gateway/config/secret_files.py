"""Secrets of the settings, read from values and from files, and judged."""

from pathlib import Path
from typing import Final

from pydantic import SecretStr

from gateway.config.complaints import Complaint

SHORTEST_SECRET: Final = 24  # characters; what `secrets.token_urlsafe(18)` gives
_FEWEST_DIFFERENT: Final = 8


class Secrets:
    """Reads secrets from values and files, and complains about missing and weak ones.

    Args:
        lenient: a weak one is a warning, since gateway and upstream are both on this machine.
    """

    def __init__(self, *, lenient: bool) -> None:
        self.complaints: list[Complaint] = []
        self._lenient = lenient

    def text(self, place: str, value: SecretStr | None, file: Path | None) -> str:
        """Return a text, of its value or its file; empty where it is missing, which is for others to judge."""
        if value is not None and file is not None:
            self._complain(place, "is given twice, as a value and as a file", "keep one of the two")
        if file is None:
            return value.get_secret_value().strip() if value else ""
        try:
            return file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            self._complain(f"{place}_file", "cannot be read", "check the path and who may read it")
            return ""

    def one(self, place: str, value: SecretStr | None, file: Path | None) -> str:
        """Return a secret that must be there and must not be weak."""
        secret = self.text(place, value, file)
        self._judge(place, secret)
        return secret

    def any_one(self, place: str, value: SecretStr | None, file: Path | None) -> str:
        """Return a secret that may be missing, but must not be weak; empty where it is missing."""
        if value is None and file is None:
            return ""
        return self.one(place, value, file)

    def many(self, place: str, values: list[SecretStr], file: Path | None, *, missing: str = "") -> tuple[str, ...]:
        """Return secrets, none of which may be weak.

        Args:
            place: dotted name of the setting.
            values: the secrets.
            file: or the file with them; an empty one is a mistake.
            missing: what to do where there is none, which is a warning then; empty: one at least must be there.
        """
        if file is not None:
            secrets = tuple(self.text(place, None, file).split())
        else:
            secrets = tuple(one.get_secret_value() for one in values)
        if missing and not secrets and file is None:
            self.complaints.append(Complaint(place, "is missing", missing, fatal=False))
            return ()
        for secret in secrets or ("",):
            self._judge(place, secret)
        return secrets

    def _judge(self, place: str, secret: str) -> None:
        if not secret:
            if not any(one.place.startswith(place) for one in self.complaints):
                self._complain(place, "is missing", f"set it, or {place}_file")
        elif len(secret) < SHORTEST_SECRET or len(set(secret)) < _FEWEST_DIFFERENT:
            self.complaints.append(
                Complaint(
                    place,
                    f"is weak: under {SHORTEST_SECRET} characters, or too few different ones",
                    "make one with: cronofy-gateway keys generate",
                    fatal=not self._lenient,
                )
            )

    def _complain(self, place: str, problem: str, hint: str) -> None:
        self.complaints.append(Complaint(place, problem, hint))
