"""Bindings: what the gateway remembers of tokens that it does not keep.

Clients that share an application share its upstream credentials, so the gateway remembers whose each token is: by a
hash, never the token. A refresh token is good for its own clients only, and a revocation reaches only the caller's own.
A token can be two clients' own: Cronofy hands the same refresh token to everybody who connects the same account through
the same application.
"""

from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

import msgspec

from gateway.flows.element_bindings import forget_element_tokens
from gateway.flows.ports import Clock
from gateway.flows.sealed_records import SealedRecords
from gateway.rules.client import Client
from gateway.rules.fingerprints import fingerprint
from gateway.rules.token_reply import TokenSet

BINDING: Final = "binding"

# A refresh token lives until it is used; a person who is away for a year must still find their connection.
REFRESH_KEPT: Final = 400 * 86_400.0
# Past its expiry an access token can still be named in a revocation.
ACCESS_KEPT_AFTER_EXPIRY: Final = 3_600.0
_CACHE_SECONDS: Final = 2.0
_CACHE_SIZE: Final = 10_000
_MOST_LOOKED_AT: Final = 200  # an app whose refresh tokens are replaced at each use has thousands in a year


class Binding(msgspec.Struct, frozen=True):
    """Whose a token is.

    Attributes:
        kind: which of the two tokens.
        clients: ids of the clients that it was handed to.
        application: name of the application.
        account: `sub`; empty where it was never learnt (an adopted refresh token).
        scope: as granted last.
        imported: a refresh token that came by an import: its app may hold it long after it was replaced here.
    """

    kind: Literal["access", "refresh"]
    clients: tuple[str, ...]
    application: str
    account: str
    scope: str
    imported: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """What a client's app holds for an account.

    Attributes:
        client: the client's id.
        scope: as granted last.
        handed_out_at: Unix time, in seconds, at which it got its newest refresh token.
    """

    client: str
    scope: str
    handed_out_at: float


@lru_cache(maxsize=20_000)
def account_key(application: str, account: str) -> str:
    """Name an account in the store without writing its `sub` there."""
    return fingerprint("account", application, account)


class Bindings:
    """Remembers and finds bindings; found ones are cached for two seconds."""

    def __init__(self, records: SealedRecords, clock: Clock) -> None:
        self._records = records
        self._clock = clock
        self._cache: OrderedDict[str, tuple[float, Binding | None]] = OrderedDict()

    async def remember(self, client: Client, tokens: TokenSet, *, account: str, scope: str) -> None:
        """Bind both tokens of a token set to a client.

        Raises:
            StoreUnavailable: the token set must not be handed out.
        """
        kept = tokens.expires_in + ACCESS_KEPT_AFTER_EXPIRY
        await self._bind("access", tokens.access_token, client, account, scope, kept)
        # The refresh token last: once it is bound it counts as handed out, and the old one leads to it no longer.
        await self._bind("refresh", tokens.refresh_token, client, account, scope, REFRESH_KEPT)

    async def remember_imported(self, client: Client, refresh_token: str, *, account: str, scope: str) -> None:
        """Bind a refresh token that a client's app holds from before it came here, or that replaced it at the import.

        Raises:
            StoreUnavailable: it was not written.
        """
        await self._bind("refresh", refresh_token, client, account, scope, REFRESH_KEPT, imported=True)

    async def _bind(
        self,
        kind: Literal["access", "refresh"],
        token: str,
        client: Client,
        account: str,
        scope: str,
        kept: float,
        *,
        imported: bool = False,
    ) -> None:
        def with_client(present: Binding | None) -> Binding:
            others = present.clients if present else ()
            return Binding(
                kind,
                tuple(dict.fromkeys((*others, client.id))),
                client.application,
                account or (present.account if present else ""),
                scope,
                imported or (present is not None and present.imported),
            )

        token_id = fingerprint("token", token)
        bound = await self._records.change(
            BINDING,
            token_id,
            Binding,
            with_client,
            account=account_key(client.application, account) if account else "",
            expires_at=self._clock.now() + kept,
        )
        self._cache_found(token_id, bound)

    async def find(self, token: str) -> Binding | None:
        """Return the binding of a token, or None for one that never came through this gateway.

        Raises:
            StoreUnavailable: it cannot be known now.
        """
        token_id = fingerprint("token", token)
        cached = self._cache.get(token_id)
        if cached is not None and cached[0] > self._clock.now():
            return cached[1]
        binding = await self._records.load(BINDING, token_id, Binding)
        self._cache_found(token_id, binding)
        return binding

    def drop(self, token: str) -> None:
        """Let the next look at a token's binding go to the store."""
        self._cache.pop(fingerprint("token", token), None)

    async def is_of(self, client: Client, token: str) -> bool:
        """Say whether a token was handed to a client, as the store knows it now.

        Raises:
            StoreUnavailable: it cannot be known now.
        """
        # Past the cache: a token that is being handed out beside this must not be remembered as unknown.
        binding = await self._records.load(BINDING, fingerprint("token", token), Binding)
        return binding is not None and client.id in binding.clients

    def _cache_found(self, token_id: str, binding: Binding | None) -> None:
        self._cache[token_id] = (self._clock.now() + _CACHE_SECONDS, binding)
        self._cache.move_to_end(token_id)
        while len(self._cache) > _CACHE_SIZE:
            self._cache.popitem(last=False)

    async def has_account(self, client: Client, account: str) -> bool:
        """Say whether a client holds a token for an account.

        Raises:
            StoreUnavailable: it cannot be known now.
        """
        for token_id in await self._ids_of(client, account):
            found = await self._records.load(BINDING, token_id, Binding)
            if found is not None and client.id in found.clients:
                return True
        return False

    async def has_other_client(self, application: str, account: str, client: str) -> bool:
        """Say whether a client other than this one holds a token for an account.

        Raises:
            StoreUnavailable: it cannot be known now.
        """
        key = account_key(application, account)
        for token_id in await self._records.store.list_ids(BINDING, account=key):
            found = await self._records.load(BINDING, token_id, Binding)
            if found is not None and set(found.clients) - {client}:
                return True
        return False

    async def scope_of(self, client: Client, account: str) -> str | None:
        """Return the scope that a client was granted for an account; None where it holds no token for it.

        Raises:
            StoreUnavailable: it cannot be known now.
        """
        for token_id in await self._ids_of(client, account):
            found = await self._records.load(BINDING, token_id, Binding)
            if found is not None and client.id in found.clients:
                return found.scope
        return None

    async def held(self, application: str, account: str) -> list[Held]:
        """Return what each client's app holds for an account, as far as its first bindings tell.

        Raises:
            StoreUnavailable: it cannot be known now.
        """
        ids = await self._records.store.list_ids(BINDING, account=account_key(application, account))
        newest: dict[str, Held] = {}
        for token_id in ids[:_MOST_LOOKED_AT]:
            record = await self._records.store.get(BINDING, token_id)
            found = None if record is None else self._records.open(BINDING, token_id, record, Binding)
            if record is None or found is None or found.kind != "refresh":
                continue
            at = (record.expires_at or 0.0) - REFRESH_KEPT
            for client in found.clients:
                if client not in newest or newest[client].handed_out_at < at:
                    newest[client] = Held(client, found.scope, at)
        return sorted(newest.values(), key=lambda one: one.client)

    async def forget_account(self, client: Client, account: str) -> int:
        """Remove a client from all bindings of an account; return from how many.

        Raises:
            StoreUnavailable: some may still stand.
        """
        await forget_element_tokens(self._records, account_key(client.application, account), client=client.id)
        return sum([await self._forget_id(client, token_id) for token_id in await self._ids_of(client, account)])

    async def erase_account(self, application: str, account: str) -> int:
        """Remove all bindings of an account, whoever is in them; return how many.

        Raises:
            StoreUnavailable: some may still stand.
        """
        removed = 0
        await forget_element_tokens(self._records, account_key(application, account), client=None)
        for token_id in await self._records.store.list_ids(BINDING, account=account_key(application, account)):
            removed += await self._records.store.delete(BINDING, token_id)
            self._cache.pop(token_id, None)
        return removed

    async def forget(self, client: Client, token: str) -> None:
        """Remove a client from one token's binding.

        Raises:
            StoreUnavailable: it may still stand.
        """
        await self._forget_id(client, fingerprint("token", token))

    async def _ids_of(self, client: Client, account: str) -> list[str]:
        key = account_key(client.application, account)
        return list(await self._records.store.list_ids(BINDING, account=key))

    async def _forget_id(self, client: Client, token_id: str) -> bool:
        found = await self._records.load(BINDING, token_id, Binding)
        if found is None or client.id not in found.clients:
            return False
        account = account_key(found.application, found.account) if found.account else ""

        def without_client(present: Binding | None) -> Binding | None:
            left = tuple(one for one in present.clients if one != client.id) if present else ()
            return msgspec.structs.replace(present, clients=left) if present and left else None

        await self._records.change(BINDING, token_id, Binding, without_client, account=account, expires_at=0.0)
        self._cache.pop(token_id, None)
        return True
