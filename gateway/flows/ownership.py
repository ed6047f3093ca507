"""Whose accounts and objects does a call name? The API key is the application's; what it reaches is the client's.

An account is a client's own when it has a stored connection to it, waiting for a reconnect or not, or holds a token
for it. An object is its own when it made it. Another client's gets the same answer as one that never existed. Where an
application has one client only, nobody else is there to be kept apart from: what the gateway never saw passes, as
tokens from before the gateway do, and objects are adopted.

A caller that may be several clients (a token that Cronofy handed to each) may name what is all of theirs: the one that
is really calling must not borrow from the others. A caller that may be anybody may name nothing.
"""

from dataclasses import dataclass
from typing import Any, Final

import msgspec

from gateway.flows.bindings import Bindings
from gateway.flows.callers import Caller
from gateway.flows.connections import Connections
from gateway.flows.object_book import Kept, ObjectBook
from gateway.flows.ports import VersionMoved
from gateway.flows.registry import Registry
from gateway.flows.stored_connection import connection_id
from gateway.rules.account_names import NAMING, accounts_named, attachments_named, query_names_accounts
from gateway.rules.client import Client
from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused
from gateway.rules.headers import Pairs
from gateway.rules.operations import Match
from gateway.rules.owned_objects import (
    ATTACHMENT,
    LISTING,
    ObjectName,
    object_chosen,
    object_used,
    objects_made,
)
from gateway.rules.privileges import asks_to_impersonate

_REFUSED: Final = range(400, 500)
_MOST_TOLD: Final = 20


@dataclass(frozen=True, slots=True)
class Claim:
    """An id that an app chose, written down before Cronofy was asked; given back where Cronofy refuses it."""

    application: str
    name: ObjectName
    version: int


@dataclass(frozen=True, slots=True)
class Ownership:
    """Judges what calls name."""

    registry: Registry
    bindings: Bindings
    connections: Connections
    book: ObjectBook

    async def check_target(self, match: Match, query: str, headers: Pairs, caller: Caller) -> None:
        """Insist that the object that a path or query names is the caller's.

        Raises:
            RequestRefused: `object_unknown`, `operation_refused` for a list of everybody's objects, or
                `parameter_shadowed` for an account in a query.
            StoreUnavailable: it cannot be known now.
        """
        operation = match.operation.name
        if operation in NAMING and query_names_accounts(query):
            raise RequestRefused(Code.PARAMETER_SHADOWED, "Send accounts in the JSON body, not in the query.")
        if operation in LISTING and not caller.is_person and not self._is_alone(caller):
            if not asks_to_impersonate(headers):
                raise RequestRefused(
                    Code.OPERATION_REFUSED, "Several clients share this application, and the list would be everybody's."
                )
            return
        name = object_used(operation, match.values, query)
        if name is not None and not await self._is_own(caller, name):
            raise _object_unknown(name)

    async def check_body(self, match: Match, body: Any, caller: Caller) -> Claim | None:  # noqa: ANN401  JSON
        """Insist that what a body names is the caller's, and claim the id of a new object.

        Raises:
            RequestRefused: `account_not_connected`, `origin_refused`, `object_unknown` or `object_id_taken`.
            StoreUnavailable: it cannot be known now.
        """
        operation = match.operation.name
        await self._check_accounts(accounts_named(operation, body), caller)
        if operation == "create_element_token":
            _check_origin(body, caller)
        if operation != "batch":
            for attachment in attachments_named(body):
                if not await self._is_own(caller, ObjectName(ATTACHMENT, attachment)):
                    raise _object_unknown(ObjectName(ATTACHMENT, attachment))
        chosen = object_chosen(operation, body)
        return None if chosen is None else await self._claim(caller, *chosen)

    async def owns_attachments(self, item: Any, caller: Caller) -> bool:  # noqa: ANN401  straight from JSON
        """Say whether an item of a batch refers to attachments of the caller only.

        Raises:
            StoreUnavailable: it cannot be known now.
        """
        try:
            names = attachments_named(item)
        except RequestRefused:
            return False
        return all([await self._is_own(caller, ObjectName(ATTACHMENT, one)) for one in names])

    async def _check_accounts(self, names: tuple[str, ...], caller: Caller) -> None:
        if not names or self._is_alone(caller):
            return
        others = [one for one in names if one != caller.account and not await self._is_connected(caller, one)]
        if others:
            more = f" and {len(others) - _MOST_TOLD} more" if len(others) > _MOST_TOLD else ""
            told = ", ".join(f"{one[:64]!a}" for one in others[:_MOST_TOLD])
            raise RequestRefused(Code.ACCOUNT_NOT_CONNECTED, f"Not connected through this client: {told}{more}.")

    async def _is_connected(self, caller: Caller, account: str) -> bool:
        return bool(caller.clients) and all([await self._holds(client, account) for client in caller.clients])

    async def _holds(self, client: Client, account: str) -> bool:
        stored = await self.connections.load(connection_id(client, account))
        return stored is not None or await self.bindings.has_account(client, account)

    def _is_alone(self, caller: Caller) -> bool:
        return caller.client is not None and self.registry.is_only_client(caller.client)

    async def _is_own(self, caller: Caller, name: ObjectName) -> bool:
        """Say whether an object is the caller's; one that was never seen is adopted by the only client."""
        if not name.id:
            return self._is_alone(caller)  # names nothing: Cronofy says so
        application = caller.application.name
        kept = await self.book.find(application, name)
        if kept is None and self._is_alone(caller):
            try:
                await self.book.take(application, name, _ids(caller), expected=0)
                return True
            except VersionMoved:
                kept = await self.book.find(application, name)
        if kept is None or not _is_theirs(kept, caller):
            return False
        await self.book.renew(application, name, kept)
        return True

    async def _claim(self, caller: Caller, name: ObjectName, makes: bool) -> Claim | None:  # noqa: FBT001
        """Take the id that an app chose: who comes first owns it."""
        application = caller.application.name
        kept = await self.book.find(application, name)
        if kept is None and not (caller.clients and (makes or self._is_alone(caller))):
            raise _object_unknown(name)
        if kept is not None and not _is_theirs(kept, caller):
            raise _taken(name) if makes else _object_unknown(name)
        try:
            # Written again each time, so that a refusal of an earlier call does not give it back under this one.
            clients, version = (kept.clients, kept.version) if kept else (_ids(caller), 0)
            written = await self.book.take(application, name, clients, expected=version)
        except VersionMoved:
            kept = await self.book.find(application, name)
            if kept is None or not _is_theirs(kept, caller):
                raise _taken(name) from None
            return None
        return Claim(application, name, written) if not version else None

    async def settle(self, claim: Claim, status: int) -> None:
        """Give an id back when Cronofy refused to make something of it."""
        if status in _REFUSED:
            await self.book.release(claim.application, claim.name, claim.version)

    async def learn(self, match: Match, reply: bytes, caller: Caller) -> None:
        """Take note of what was made, so that it is the caller's from now on; it never makes an answer fail."""
        try:
            answer = msgspec.json.decode(reply)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return  # it goes on as it is: whoever made something would make it again if told otherwise
        if caller.clients:
            for name in objects_made(match.operation.name, answer):
                await self.book.learn(caller.application.name, name, _ids(caller))


def _ids(caller: Caller) -> tuple[str, ...]:
    return tuple(one.id for one in caller.clients)


def _is_theirs(kept: Kept, caller: Caller) -> bool:
    return bool(caller.clients) and all(one.id in kept.clients for one in caller.clients)


def _check_origin(body: Any, caller: Caller) -> None:  # noqa: ANN401  straight from JSON
    """Cronofy ties an element token to the origin of a page, so that page has to be the client's."""
    origin = body.get("origin") if isinstance(body, dict) else None
    if origin is None or origin == "":
        return  # Cronofy says that it is required
    if not caller.clients or not all(isinstance(origin, str) and origin in one.origins for one in caller.clients):
        raise RequestRefused(
            Code.ORIGIN_REFUSED,
            "The origin of an element token must be one of the client's registered origins. "
            "The operator can add it to the client's origins.",
        )


def _object_unknown(name: ObjectName) -> RequestRefused:
    return RequestRefused(
        Code.OBJECT_UNKNOWN, f"This client made no {name.kind.replace('_', ' ')} with this id through this gateway."
    )


def _taken(name: ObjectName) -> RequestRefused:
    return RequestRefused(
        Code.OBJECT_ID_TAKEN, f"This {name.kind.replace('_', ' ')} id cannot be used. Choose another."
    )
