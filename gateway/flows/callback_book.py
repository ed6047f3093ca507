"""Which callback URL of a delegated account is whose, and which code came to it.

Cronofy posts a delegated account's code to a `callback_url`, which takes the place of the redirect URI when the code is
exchanged. So whoever may exchange it is known by that URL: the app's own (custody `client`), or the gateway's, with a
secret in it, that stands for the app's (custody `gateway`). Neither secrets of URLs nor codes are ever names of
records: their fingerprints are. The person's e-mail address is not kept.
"""

import secrets
from dataclasses import dataclass
from typing import Final

import msgspec

from gateway.flows.bindings import account_key
from gateway.flows.ports import Clock
from gateway.flows.sealed_records import SealedRecords
from gateway.rules.callback_urls import SECRET_BYTES, is_secret
from gateway.rules.client import Client
from gateway.rules.fingerprints import fingerprint

CALLBACK: Final = "callback"
CALLBACK_CODE: Final = "callback-code"

CALLBACK_KEPT: Final = 30 * 86_400.0  # an administrator's approval may take its time
CODE_KEPT: Final = 2 * 86_400.0  # longer than Cronofy goes on trying to deliver one


class Callback(msgspec.Struct, frozen=True):
    """A callback URL.

    Attributes:
        client: the client that sent it, and that alone may exchange what comes to it.
        parents: `sub` of each account that lets another one in with it: one, unless an app has one URL for several.
        application: name of the application.
        url: the app's own, where the gateway's stands for it; else empty.
        scope: what was asked for.
    """

    client: str
    parents: tuple[str, ...] = ()
    application: str = ""
    url: str = ""
    scope: str = ""

    @property
    def parent(self) -> str:
        """The account that lets another one in; empty where it could be several, or is not known."""
        return self.parents[0] if len(self.parents) == 1 else ""

    def __repr__(self) -> str:  # an app's URL may hold a secret of its own
        return f"Callback(client={self.client!r})"


class CameCode(msgspec.Struct, frozen=True):
    """The secret of the callback URL that a code came to; sealed like everything else."""

    secret: str

    def __repr__(self) -> str:
        return "CameCode()"


@dataclass(frozen=True, slots=True)
class CallbackBook:
    """Remembers and finds callback URLs."""

    records: SealedRecords
    clock: Clock

    async def remember_passed_on(self, client: Client, url: str, *, parent: str) -> None:
        """Remember that a callback URL, which Cronofy itself will post to, is a client's.

        Args:
            client: who sent it.
            url: as it was sent.
            parent: `sub` of the account that lets another one in; empty where it is not known.

        Raises:
            StoreUnavailable: it was not written.
        """

        def with_parent(present: Callback | None) -> Callback:
            parents = tuple(dict.fromkeys((*(present.parents if present else ()), parent)))
            return Callback(client.id, parents, client.application)

        await self.records.change(
            CALLBACK,
            _passed_on_id(client, url),
            Callback,
            with_parent,
            client=client.id,
            account=account_key(client.application, parent),
            expires_at=self.clock.now() + CALLBACK_KEPT,
        )

    async def find_passed_on(self, client: Client, url: str) -> Callback | None:
        """Return what is known of a client's own callback URL; None for one that it never sent.

        Raises:
            StoreUnavailable: it cannot be known now.
        """
        return await self.records.load(CALLBACK, _passed_on_id(client, url), Callback)

    async def make(self, client: Client, url: str, *, parent: str, scope: str) -> str:
        """Remember an app's callback URL, and return the secret of the gateway's that will stand for it.

        Raises:
            StoreUnavailable: it was not written.
        """
        secret = secrets.token_urlsafe(SECRET_BYTES)
        callback = Callback(client.id, (parent,), client.application, url, scope)
        await self.records.save(
            CALLBACK,
            _made_id(secret),
            callback,
            client=client.id,
            account=account_key(client.application, parent),
            expires_at=self.clock.now() + CALLBACK_KEPT,
        )
        return secret

    async def find(self, secret: str) -> Callback | None:
        """Return what the gateway's callback URL with this secret stands for.

        Raises:
            StoreUnavailable: it cannot be known now.
        """
        return await self.records.load(CALLBACK, _made_id(secret), Callback) if is_secret(secret) else None

    async def remember_code(self, code: str, secret: str, callback: Callback) -> None:
        """Remember to which of the gateway's callback URLs a code came; the same again is no change.

        Raises:
            StoreUnavailable: it was not written.
        """
        await self.records.save(
            CALLBACK_CODE,
            fingerprint("callback-code", code),
            CameCode(secret),
            client=callback.client,
            expires_at=self.clock.now() + CODE_KEPT,
        )

    async def find_code(self, code: str) -> tuple[Callback, str] | None:
        """Return the callback that a code came by, and the secret of its URL; None for any other code.

        Raises:
            StoreUnavailable: it cannot be known now.
        """
        came = await self.records.load(CALLBACK_CODE, fingerprint("callback-code", code), CameCode)
        callback = await self.find(came.secret) if came else None
        return (callback, came.secret) if came and callback else None


def _passed_on_id(client: Client, url: str) -> str:
    return fingerprint("callback-url", client.id, url)


def _made_id(secret: str) -> str:
    return fingerprint("callback", secret)
