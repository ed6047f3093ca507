"""What the cookie shape of sessions cannot go together with, and what is lost with it.

The tables are what `check-config` says; a setting that comes later gets a row here.
"""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from gateway.config.clients import ClientSettings
from gateway.config.complaints import Complaint
from gateway.config.settings import Settings

_PLACE: Final = "sessions.shape"


class _Refused(NamedTuple):
    """A setting that cannot go together with the shape."""

    name: str
    is_set: Callable[[Any], bool]
    problem: str
    hint: str


_OF_GATEWAY: Final = (
    _Refused("workers", lambda value: value > 1, "is more than 1, but each would know other tokens", "use 1 worker"),
    _Refused(
        "engine",
        lambda value: value.port is not None,
        "has a port, but a renewed cookie cannot go back through an engine",
        "leave its port out",
    ),
)
# By custody and in the service door tokens are found without a browser, so something has to hold them.
_OF_CLIENT: Final = (
    _Refused(
        "custody", lambda value: value == "gateway", "is gateway, but nothing would keep the tokens", "use client"
    ),
    _Refused("service_door", bool, "opens the service door, but nothing would keep the tokens", "leave it out"),
)
_LOST: Final = (
    (
        "a sign-out reaches only the browser that asks, and copies of its cookie are good again after a restart",
        "choose short sessions.idle_timeout and sessions.absolute_timeout",
    ),
    (
        "sessions are listed and ended elsewhere only if they called since the start, and only until the next one",
        "a new key instead of the old one ends them all",
    ),
    (
        "a restart forgets used tickets, finished flows, the drop-in door's bindings and what else hangs on an account",
        "let each application have one client",
    ),
    (
        "a restart during a refresh loses the connection where Cronofy replaces refresh tokens",
        "let calls under way finish, see drain_timeout",
    ),
    ("several processes or hosts are impossible, and commands see none of its records", "run one"),
)


def complaints_about_cookie_shape(settings: Settings) -> list[Complaint]:
    """Return what is to be said about settings with `sessions.shape = "cookie"`; nothing of others."""
    if settings.sessions.shape != "cookie":
        return []
    found = [_complaint(one.name, one) for one in _OF_GATEWAY if _is_set(settings, one)]
    for name, client in settings.clients.items():
        found += [_complaint(f"clients.{name}.{one.name}", one) for one in _OF_CLIENT if _is_set(client, one)]
    if settings.store.url is not None or settings.store.url_file is not None:
        problem = "is not used: in cookie shape records lie in memory"
        found.append(Complaint("store.url", problem, "leave it out", fatal=False))
    found += [Complaint(_PLACE, f"is cookie: {lost}", hint, fatal=False) for lost, hint in _LOST]
    return found


def _is_set(section: Settings | ClientSettings, one: _Refused) -> bool:
    return one.is_set(getattr(section, one.name))


def _complaint(place: str, one: _Refused) -> Complaint:
    hint = f'{one.hint}, or keep sessions in the store, {_PLACE} = "record"'
    return Complaint(place, f"{one.problem}: {_PLACE} is cookie", hint)
