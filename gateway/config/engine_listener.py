"""What is to be said about the engine listener, whose answers hold access tokens."""

from typing import Final

from gateway.config.complaints import Complaint
from gateway.config.secret_files import Secrets
from gateway.config.settings import Settings

_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
SHORTEST_KEY: Final = 32  # characters
_PLACE: Final = "engine.key"
_HINT: Final = "make one with: cronofy-gateway keys generate"


def engine_key(settings: Settings, reader: Secrets) -> str:
    """Return the key that an engine shows; empty where there is no such listener."""
    section = settings.engine
    if section.port is None:
        return ""
    key = reader.one(_PLACE, section.key, section.key_file)
    if key and (len(key) < SHORTEST_KEY or not key.isascii() or not key.isprintable() or " " in key):
        problem = f"is not {SHORTEST_KEY} or more printable characters without a space"
        reader.complaints.append(Complaint(_PLACE, problem, _HINT))
    return key


def complaints_about_engine(settings: Settings) -> list[Complaint]:
    """Return what is to be said about the listener; nothing where there is none."""
    section = settings.engine
    if section.port is None:
        return []
    found = []
    if section.host not in _LOOPBACK:
        problem = "is not loopback: access tokens cross the network in plain"
        found.append(Complaint("engine.host", problem, "let nobody else into that network", fatal=False))
    if settings.workers > 1 and section.port == 0:
        problem = "is 0 with several workers: each would have its own"
        found.append(Complaint("engine.port", problem, "choose another, or workers = 1"))
    if len({one.emulator_url or one.data_centre for one in settings.applications.values()}) > 1:
        # An engine sends every call to one host, and a token is for the data centre of its application alone.
        problem = "is set, but the applications live in several data centres, and an engine knows one"
        found.append(Complaint("engine.port", problem, "run a gateway for each data centre, or leave it out"))
    return found
