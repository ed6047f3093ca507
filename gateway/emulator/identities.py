"""How a provider and an access mode show in `provider_name` and `provider_service`, and back.

Source: https://docs.cronofy.com/developers/authorization/access-modes/faqs
"""

from typing import Final, Literal, NamedTuple, get_args

Mode = Literal["read_write", "free_busy", "no_access"]
Provider = Literal["google", "microsoft", "apple", "exchange"]

MODES: Final[tuple[Mode, ...]] = get_args(Mode)
PROVIDERS: Final[tuple[Provider, ...]] = get_args(Provider)


class Identity(NamedTuple):
    """The two provider fields of a profile."""

    provider_name: str
    provider_service: str


class Pinned(NamedTuple):
    """What `provider_name` on the authorize URL settles before the person is asked."""

    provider: Provider | None = None
    mode: Mode | None = None


_READ_WRITE: Final[dict[Provider, Identity]] = {
    "google": Identity("google", "gsuite"),
    "microsoft": Identity("exchange", "office365"),
    "apple": Identity("apple", "icloud"),
    "exchange": Identity("exchange", "exchange"),
}
_FREE_BUSY: Final[dict[Provider, Identity]] = {
    "google": Identity("google_free_busy", "google_free_busy"),
    "microsoft": Identity("ms_graph_free_busy", "ms_graph_free_busy"),
}
_NO_ACCESS: Final = Identity("cronofy", "cronofy")

_PINNED: Final[dict[str, Pinned]] = {
    "google": Pinned("google"),
    "office365": Pinned("microsoft"),
    "live_connect": Pinned("microsoft"),
    "microsoft": Pinned("microsoft"),
    "apple": Pinned("apple"),
    "exchange": Pinned("exchange"),
    "google_free_busy": Pinned("google", "free_busy"),
    "ms_graph_free_busy": Pinned("microsoft", "free_busy"),
    "cronofy": Pinned(None, "no_access"),
}


def identity_of(provider: Provider, mode: Mode) -> Identity:
    """Name a connection the way tokens, userinfo and profiles do."""
    if mode == "no_access":
        return _NO_ACCESS
    return (_FREE_BUSY if mode == "free_busy" else _READ_WRITE)[provider]


def is_offered(provider: Provider, mode: Mode) -> bool:
    """Say whether this provider can be connected in this mode: Free/Busy is Google's and Microsoft's only."""
    return mode != "free_busy" or provider in _FREE_BUSY


def pinned_by(provider_name: str) -> Pinned:
    """Read `provider_name` of an authorize URL; an unknown or empty one settles nothing."""
    return _PINNED.get(provider_name, Pinned())
