"""What an operator may see of clients: where each comes from and what it may do, never a secret."""

from dataclasses import dataclass
from typing import Any, Final

from gateway.app.registry import make_known
from gateway.cli.tables import moment
from gateway.config import ClientSettings
from gateway.config_check import Checked
from gateway.flows.stored_clients import Stored, StoredClient

CONFIGURATION: Final = "configuration"
STORE: Final = "store"
_SECRET: Final = frozenset({"secrets", "secrets_file"})


@dataclass(frozen=True, slots=True)
class ClientFacts:
    """A client, as operators see it.

    Attributes:
        id: its id.
        source: CONFIGURATION or STORE: where its settings come from.
        application: name of its application; empty where it cannot work.
        custody: who holds its tokens; empty where it cannot work.
        doors: the doors that are open to it.
        configured: how many secrets it has from the configuration.
        issued: the names of the issued ones with the Unix times, in seconds, at which that was.
        disabled: nothing of it works.
        problem: why something that the store says of it does not count.
        settings: all of them, without secrets; as stored where they cannot be used.
    """

    id: str
    source: str
    application: str
    custody: str
    doors: tuple[str, ...]
    configured: int
    issued: tuple[tuple[str, float], ...]
    disabled: bool
    problem: str
    settings: dict[str, Any]

    @property
    def state(self) -> str:
        """Whether it works, in a word."""
        if self.disabled:
            return "disabled"
        return "active" if self.application else "unusable"

    @property
    def row(self) -> tuple[object, ...]:
        """Its line in the list."""
        secrets = self.configured + len(self.issued)
        return (self.id, self.source, self.application, self.custody, ", ".join(self.doors), secrets, self.state)

    @property
    def rows(self) -> list[tuple[object, object]]:
        """All of it, line by line."""
        issued = ", ".join(f"{name} ({moment(at)})" for name, at in self.issued) or "none"
        return [
            ("comes from", self.source),
            ("state", f"{self.state}: {self.problem}" if self.problem else self.state),
            ("doors", ", ".join(self.doors)),
            ("secrets of the configuration", self.configured),
            ("issued secrets", issued),
            *((name, _shown(value)) for name, value in self.settings.items()),
        ]

    def as_json(self, *, whole: bool) -> dict[str, Any]:
        """Return it as JSON shows it, with its settings where it is shown whole."""
        return {
            "id": self.id,
            "source": self.source,
            "application": self.application or None,
            "custody": self.custody or None,
            "doors": list(self.doors),
            "secrets": {
                "configured": self.configured,
                "issued": [{"name": name, "issued_at": int(at)} for name, at in self.issued],
            },
            "state": self.state,
            "problem": self.problem or None,
            **({"settings": self.settings} if whole else {}),
        }


def facts_of(checked: Checked, stored: Stored) -> list[ClientFacts]:
    """Return every client of configuration and store, those of the configuration first."""
    known = make_known(checked, stored)
    working = {str(one.id): one for one in (*known.clients, *known.disabled)}
    names = dict.fromkeys((*checked.settings.clients, *sorted(stored)))
    facts = []
    for name in names:
        told, client = stored.get(name, StoredClient()), working.get(name)
        doors = (
            ("drop-in", "browser" if client.browser else "", "service" if client.service_door else "") if client else ()
        )
        facts.append(
            ClientFacts(
                id=name,
                source=CONFIGURATION if name in checked.settings.clients else STORE,
                application=client.application if client else "",
                custody=str(client.custody) if client else "",
                doors=tuple(filter(None, doors)),
                configured=len(checked.client_secrets.get(name, ())),
                issued=tuple((one.name, one.issued_at) for one in told.secrets),
                disabled=told.disabled,
                problem=known.ignored.get(name, ""),
                settings=_settings(name, checked, told, usable=client is not None),
            )
        )
    return facts


def _settings(name: str, checked: Checked, told: StoredClient, *, usable: bool) -> dict[str, Any]:
    configured = checked.settings.clients.get(name)
    if configured is None and not usable:
        return told.settings or {}
    whole = configured or ClientSettings.model_validate(told.settings or {})
    return whole.model_dump(mode="json", exclude=set(_SECRET))


def _shown(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
