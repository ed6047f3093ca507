"""Whose call is it? A proxied call is known by its Authorization header.

A Bearer is looked up as a client's secret, then as a handle, then as a bound token; one that the gateway never saw is
accepted only where exactly one application is configured, since only then it is clear whose data centre it is for, and
where a client keeps its tokens itself, since only such a one can have got it elsewhere.
"""

from dataclasses import dataclass
from typing import Final

from gateway.flows.bindings import Bindings
from gateway.flows.handles import Handles
from gateway.flows.registry import Registry
from gateway.flows.vault import Vault
from gateway.rules.authorization import bearer_token, single_authorization
from gateway.rules.client import Application, Client, Custody
from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused
from gateway.rules.handles import handle_kind
from gateway.rules.headers import GATEWAY_ACCOUNT, Pairs
from gateway.rules.operations import Credential, Operation

_OF_ACCOUNTS: Final = frozenset({Credential.USER, Credential.SERVICE_ACCOUNT})
_OF_TOKENS: Final = _OF_ACCOUNTS | {Credential.UNIT}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is behind a proxied call.

    Attributes:
        application: where the call goes.
        clients: whose it can be: one, or several for a token that Cronofy handed to each of them, or none for a
            token met for the first time on an application with several clients.
        bearer: what Cronofy is shown; None where the body carries the credentials.
        account: `sub` of the person behind it; empty where it is not known or nobody is.
        is_person: an access token is behind the call, so it has an access mode.
        connection: id of the stored connection that the token is of; empty for a token that the caller holds.
        version: that connection's version.
    """

    application: Application
    clients: tuple[Client, ...]
    bearer: str | None
    account: str
    is_person: bool
    connection: str = ""
    version: int = 0

    @property
    def client(self) -> Client | None:
        """The client, where it is only one."""
        return self.clients[0] if len(self.clients) == 1 else None


@dataclass(frozen=True, slots=True)
class Callers:
    """Tells callers apart."""

    registry: Registry
    bindings: Bindings
    vault: Vault
    handles: Handles

    async def identify(self, headers: Pairs, operation: Operation, connection: str = "") -> Caller | None:
        """Say who calls; None when only the body can tell (`client_id` and `client_secret` in it).

        Args:
            headers: as they came. An Authorization header wins over a session.
            operation: what is called.
            connection: id of the connection of the browser's session; empty when there is none.

        Raises:
            RequestRefused: `authorization_repeated`, `account_header_refused`, `credentials_missing` or
                `credentials_unknown`.
            StoreUnavailable: it cannot be known now.
        """
        values = [value for name, value in headers if name.lower() == "authorization"]
        authorization = single_authorization(values)
        if any(name.lower() == GATEWAY_ACCOUNT.lower() for name, _ in headers):
            raise RequestRefused(
                Code.ACCOUNT_HEADER_REFUSED,
                f"{GATEWAY_ACCOUNT} goes with a client secret in the service door only.",
            )
        if connection and authorization is None:
            return await self._by_session(connection, operation)
        token = bearer_token(authorization)
        if token is None:
            if Credential.BODY in operation.credentials:
                return None
            raise _unauthorized(Code.CREDENTIALS_MISSING, "Send an access token: Authorization: Bearer ….")
        if client := self.registry.client_by_secret(token):
            application = self.registry.application_of(client)
            return Caller(application, (client,), application.client_secret, "", is_person=False)
        if handle_kind(token) is not None:
            return await self._by_handle(token, operation)
        return await self._by_token(token)

    async def _by_handle(self, token: str, operation: Operation) -> Caller | None:
        if Credential.BODY in operation.credentials and not operation.credentials & _OF_TOKENS:
            return None  # an SDK sends its token along with the credentials in the body, which alone count
        handle = await self.handles.find(token)
        application = self.registry.application(handle.application) if handle else None
        clients = self.registry.clients_of(application) if application else ()
        if handle is None or handle.kind != "access" or not any(handle.is_of(one) for one in clients):
            raise _unauthorized(Code.CREDENTIALS_UNKNOWN, "This access token has expired, or was never given out.")
        if not operation.credentials & _OF_TOKENS:
            # Cronofy would answer 401 to a token here, which must not be taken for a dead connection.
            raise RequestRefused(
                Code.OPERATION_REFUSED, "This operation takes the API key: send the client secret as Bearer."
            )
        return await self._of_connection(handle.connection)

    async def _by_token(self, token: str) -> Caller:
        binding = await self.bindings.find(token)
        if binding is not None and (bound := self.registry.application(binding.application)):
            known = tuple(one for one in self.registry.clients_of(bound) if one.id in binding.clients)
            return Caller(bound, known, token, binding.account, is_person=True)
        only = self.registry.only_application()
        if only is None:
            raise _unauthorized(Code.CREDENTIALS_UNKNOWN, "This token did not come through this gateway.")
        clients = tuple(one for one in self.registry.clients_of(only) if one.custody is Custody.CLIENT)
        if not clients:
            raise _unauthorized(Code.CREDENTIALS_UNKNOWN, "This access token has expired, or was never given out.")
        return Caller(only, clients if len(clients) == 1 else (), token, "", is_person=True)

    async def _by_session(self, connection: str, operation: Operation) -> Caller:
        if not operation.credentials & _OF_ACCOUNTS:
            # Cronofy would answer 401 to a token here, which must not be taken for a dead connection.
            raise RequestRefused(
                Code.OPERATION_REFUSED, "This operation takes the application's API key, which pages do not have."
            )
        return await self._of_connection(connection)

    async def _of_connection(self, connection: str) -> Caller:
        fresh = await self.vault.fresh(connection)
        account = fresh.stored.connection.account
        return Caller(
            fresh.application,
            (fresh.client,),
            fresh.bearer,
            account,
            is_person=True,
            connection=connection,
            version=fresh.stored.version,
        )

    def by_body(self, client_id: object, client_secret: object) -> Caller:
        """Say who calls by the credentials in a JSON body.

        Raises:
            RequestRefused: `credentials_missing` or `credentials_unknown`.
        """
        if not isinstance(client_id, str) or not isinstance(client_secret, str):
            raise _unauthorized(Code.CREDENTIALS_MISSING, "Send client_id and client_secret in the body.")
        client = self.registry.client_by_secret(client_secret)
        if client is None or client.id != client_id:
            raise _unauthorized(Code.CREDENTIALS_UNKNOWN, "The client_id or client_secret is not right.")
        return Caller(self.registry.application_of(client), (client,), None, "", is_person=False)


def _unauthorized(code: Code, public: str) -> RequestRefused:
    return RequestRefused(code, public, headers={"WWW-Authenticate": 'Bearer realm="cronofy-gateway"'})
