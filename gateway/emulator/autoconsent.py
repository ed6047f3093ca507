"""Consent given in advance, so that authorize requests answer at once: for tests, tours and benchmarks."""

from dataclasses import asdict, dataclass
from typing import Final, get_args

from gateway.emulator.bodies import Body
from gateway.emulator.identities import MODES, PROVIDERS, Mode, Provider, is_offered
from gateway.emulator.refusals import Complaints

DEFAULT_EMAIL: Final = "person@example.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a person answers on the consent page."""

    email: str = DEFAULT_EMAIL
    provider: Provider = "google"
    mode: Mode = "read_write"
    decline: bool = False

    def described(self) -> dict[str, object]:
        """The choice as JSON."""
        return asdict(self)


def choice_from(fields: Body) -> Choice | Complaints:
    """Read a choice, or say of each bad field what is allowed. Every field may be missing."""
    complaints: dict[str, tuple[str, str]] = {}
    mode = fields.get("mode", "read_write")
    provider = fields.get("provider", "google")
    email = fields.get("email", DEFAULT_EMAIL)
    decline = fields.get("decline", False)
    if mode not in MODES:
        complaints["mode"] = ("errors.not_recognized", f"mode is one of {', '.join(MODES)}")
    if provider not in PROVIDERS:
        complaints["provider"] = ("errors.not_recognized", f"provider is one of {', '.join(PROVIDERS)}")
    if not isinstance(email, str) or not _is_email(email.strip()):
        complaints["email"] = ("errors.invalid", "email is an address such as person@example.com")
    if not isinstance(decline, bool):
        complaints["decline"] = ("errors.invalid", "decline is true or false")
    for unknown in sorted(set(fields) - {"mode", "provider", "email", "decline"}):
        complaints[unknown] = ("errors.not_recognized", "the fields are mode, provider, email and decline")
    if complaints:
        return complaints
    known_mode = next(known for known in get_args(Mode) if known == mode)
    known_provider = next(known for known in get_args(Provider) if known == provider)
    if not is_offered(known_provider, known_mode):
        return {"mode": ("errors.not_recognized", "free_busy is offered with provider google or microsoft only")}
    return Choice(email=str(email).strip().lower(), provider=known_provider, mode=known_mode, decline=decline is True)


def _is_email(text: str) -> bool:
    name, at, domain = text.partition("@")
    return bool(name and at and domain) and not any(sign.isspace() for sign in text)
