"""A connection as it rests: a client's link to one account, with the token set in it."""

from dataclasses import dataclass
from typing import Literal

import msgspec

from gateway.rules.client import Client
from gateway.rules.fingerprints import fingerprint


class Connection(msgspec.Struct, frozen=True):
    """A stored link.

    Attributes:
        client: id of its client.
        application: name of its application.
        account: `sub`.
        access_token: never leaves.
        refresh_token: never leaves.
        expires_at: Unix time, in seconds, at which the access token expires.
        obtained_at: Unix time, in seconds, at which it was obtained.
        scope: as granted.
        state: `reconnect_required` once Cronofy refused the refresh token for good.
        lost_by: how it came to that: `refused`, `interrupted` (an answer to an earlier refresh was lost), `young_401`
            (a token was refused right after it was given), or `ended` here.
        profiles: ids of the profiles that were connected through this client: what it may end where others hang on the
            account.
        life: which of its lives this is. Another begins when a person connects after it was ended or lost, and handles
            of an earlier one open nothing.
    """

    client: str
    application: str
    account: str
    access_token: str
    refresh_token: str
    expires_at: float
    obtained_at: float
    scope: str
    state: Literal["active", "reconnect_required"] = "active"
    lost_by: str = ""
    profiles: tuple[str, ...] = ()
    life: str = ""

    def __repr__(self) -> str:  # the tokens stay out of tracebacks and logs
        return f"Connection(client={self.client!r}, account={self.account!r}, state={self.state!r})"


@dataclass(frozen=True, slots=True)
class Stored:
    """A connection as it stands in the store, with its version."""

    id: str
    connection: Connection
    version: int


def connection_id(client: Client, account: str) -> str:
    """Name a client's connection to an account."""
    return fingerprint("connection", client.id, client.application, account)
