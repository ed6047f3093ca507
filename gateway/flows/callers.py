"""Whose call is it? A proxied call is known by its Authorization header.

A Bearer is looked up as a client's secret, then as a handle, then as a bound token; one that the gateway never saw is
accepted only where exactly one application is configured, since only then it is clear whose data centre it is for, and
where a client keeps its tokens itself, since only such a one can have got it elsewhere. A client's secret with
`Gateway-Account` beside it is the service door.
"""

from dataclasses import dataclass, field
from typing import Final

from gateway.flows.application_secrets import ApplicationSecrets
from gateway.flows.bindings import Bindings
from gateway.flows.handles import Handles
from gateway.flows.registry import Registry
from gateway.flows.service_door import enter_for_operation
from gateway.flows.vault import Fresh, Vault, reconnect_required
from gateway.rules.account_header import account_required, named_account, takes_accounts
from gateway.rules.authorization import bearer_token, single_authorization
from gateway.rules.client import Application, Client, Custody
from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused
from gateway.rules.handles import handle_kind
from gateway.rules.headers import Pairs
from gateway.rules.operations import Credential, Operation

_OF_TOKENS: Final = frozenset({Credential.USER, Credential.SERVICE_ACCOUNT, Credential.UNIT})


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is behind a proxied call.

    Attributes:
        application: where the call goes.
        clients: whose it can be: one, or several for a token that Cronofy handed to each of them, or none for a
            token met for the first time on an application with several clients.
        bearer: what Cronofy is shown; None where the body or the query carries the credentials.
        account: `sub` of the person behind it; empty where it is not known or nobody is.
        is_person: an access token is behind the call, so it has an access mode.
        connection: id of the stored connection that the token is of; empty for a token that the caller holds.
        version: that connection's version.
        key: the application's secret that Cronofy is shown, as Bearer or in the body; empty where a token is.
        is_element: an element token in the query is the credential.
        element_origin: the page's origin in such a call, which Cronofy is told; empty where no page is behind it.
    """

    application: Application
    clients: tuple[Client, ...]
    bearer: str | None
    account: str
    is_person: bool
    connection: str = ""
    version: int = 0
    key: str = field(default="", repr=False)
    is_element: bool = False
    element_origin: str = ""

    @property
    def is_of_page(self) -> bool:
        """Whether a page, or a connection that the gateway keeps, is behind the call: nobody may keep its answer."""
        return self.is_element or bool(self.connection)

    @property
    def may_be_sent_twice(self) -> bool:
        """Whether another credential may be tried when Cronofy refuses this one, so that the body is worth keeping."""
        return bool(self.connection) or (bool(self.key) and len(self.application.client_secrets) > 1)

    @property
    def withheld(self) -> tuple[str, ...]:
        """What Cronofy is shown in the gateway's name, and must not come back to whoever calls."""
        token = (self.bearer,) if self.connection and self.bearer else ()
        return (*token, *(self.application.client_secrets if self.key else ()))

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
    secrets: ApplicationSecrets = field(default_factory=ApplicationSecrets)

    async def identify(
        self, headers: Pairs, operation: Operation, connection: str = "", offered: str = ""
    ) -> Caller | None:
        """Say who calls; None when only the body can tell (credentials, or a `bearer_token`, in it).

        Args:
            headers: as they came. An Authorization header wins over a session.
            operation: what is called.
            connection: id of the connection of the browser's session; empty when there is none.
            offered: a `bearer_token` of the query; empty when there is none.

        Raises:
            RequestRefused: `authorization_repeated`, `account_header_refused`, `account_required`,
                `connection_unknown`, `credentials_differ`, `credentials_missing`, `credentials_unknown`,
                `operation_refused`, `reconnect_required` or `service_door_closed`.
            CronofyUnavailable: the stored connection's token has expired and cannot be refreshed now.
            StoreUnavailable: it cannot be known now.
        """
        values = [value for name, value in headers if name.lower() == "authorization"]
        authorization = single_authorization(values)
        token = bearer_token(authorization)
        if account := named_account(headers):
            client = self.registry.client_by_secret(token) if token else None
            return _of_connection(await enter_for_operation(self.vault, client, operation, account))
        if connection and authorization is None:
            return await self._by_session(connection, operation)
        caller = await self.by_bearer(token, operation) if token else None
        if offered:
            caller = await self.by_offered(offered, operation, caller)
        if caller is None and Credential.BODY not in operation.credentials and not operation.bearer_parameter:
            raise self.missing(operation)
        return caller

    def missing(self, operation: Operation) -> RequestRefused:
        """Return the refusal of a call without credentials."""
        if Credential.BODY in operation.credentials and not operation.takes_anything:
            return _unauthorized(Code.CREDENTIALS_MISSING, "Send client_id and client_secret in the body.")
        return _unauthorized(Code.CREDENTIALS_MISSING, "Send an access token: Authorization: Bearer ….")

    async def by_offered(self, offered: str, operation: Operation, shown: Caller | None) -> Caller | None:
        """Say who calls by a `bearer_token` of query or body, which must not speak against what was shown besides.

        Raises:
            RequestRefused: as for a Bearer, or `credentials_differ`.
            StoreUnavailable: it cannot be known now.
        """
        caller = await self.by_bearer(offered, operation)
        if shown is not None and (caller is None or _who(shown) != _who(caller)):
            raise RequestRefused(
                Code.CREDENTIALS_DIFFER, "The bearer_token and the Authorization header are not the same credential."
            )
        return caller

    async def by_bearer(self, token: str, operation: Operation) -> Caller | None:
        """Say who calls by a Bearer; None where it means nothing and the body is to tell.

        Raises:
            RequestRefused: `credentials_unknown`, or a client's secret is not taken here.
            StoreUnavailable: it cannot be known now.
        """
        if client := self.registry.client_by_secret(token):
            if Credential.API_KEY in operation.credentials:
                key = self.secrets.current(self.registry.application_of(client))
                return self._by_key(client, bearer=key, key=key)
            if Credential.BODY in operation.credentials:
                return None  # Cronofy takes them in the body only
            raise account_required(operation)
        try:
            if self.registry.is_dead_secret(token):
                raise _unauthorized(Code.CREDENTIALS_UNKNOWN, "This secret was revoked, or its client is disabled.")
            return await (self._by_token(token) if handle_kind(token) is None else self._by_handle(token, operation))
        except RequestRefused:
            # Beside credentials in the body SDKs send whatever they hold, such as an old token (pycronofy, PHP).
            if Credential.BODY in operation.credentials and not operation.takes_anything:
                return None
            raise

    def _by_key(self, client: Client, *, bearer: str | None, key: str) -> Caller:
        return Caller(self.registry.application_of(client), (client,), bearer, "", is_person=False, key=key)

    async def _by_handle(self, token: str, operation: Operation) -> Caller | None:
        if Credential.BODY in operation.credentials and not operation.credentials & _OF_TOKENS:
            return None  # an SDK sends its token along with the credentials in the body, which alone count
        handle = await self.handles.find(token)
        application = self.registry.application(handle.application) if handle else None
        clients = self.registry.clients_of(application) if application else ()
        if handle is None or handle.kind != "access" or not any(handle.is_of(one) for one in clients):
            raise _handle_unknown()
        if not operation.credentials & _OF_TOKENS:
            # Cronofy would answer 401 to a token here, which must not be taken for a dead connection.
            raise RequestRefused(
                Code.OPERATION_REFUSED, "This operation takes the API key: send the client secret as Bearer."
            )
        fresh = await self.vault.fresh(handle.connection)
        if handle.is_outlived_by(fresh.stored.connection):
            raise _handle_unknown()
        return _of_connection(fresh)

    async def _by_token(self, token: str) -> Caller:
        binding = await self.bindings.find(token)
        if binding is not None and (bound := self.registry.application(binding.application)):
            known = tuple(one for one in self.registry.clients_of(bound) if one.id in binding.clients)
            if not known:  # whose it is was disabled, or taken out of the settings
                raise _unauthorized(Code.CREDENTIALS_UNKNOWN, "This token's client is not registered at this gateway.")
            return Caller(bound, known, token, binding.account, is_person=True)
        only = self.registry.only_application()
        if only is None:
            raise _unauthorized(Code.CREDENTIALS_UNKNOWN, "This token did not come through this gateway.")
        clients = tuple(one for one in self.registry.clients_of(only) if one.custody is Custody.CLIENT)
        if not clients:
            raise _unauthorized(Code.CREDENTIALS_UNKNOWN, "No client of this gateway could have sent this token.")
        is_alone = len(clients) == 1 and not self.registry.has_disabled(only)
        return Caller(only, clients if is_alone else (), token, "", is_person=True)

    async def _by_session(self, connection: str, operation: Operation) -> Caller:
        if not takes_accounts(operation):
            # Cronofy would answer 401 to a token here, which must not be taken for a dead connection.
            raise RequestRefused(
                Code.OPERATION_REFUSED, "This operation takes the application's API key, which pages do not have."
            )
        fresh = await self.vault.fresh(connection)
        if fresh.client.application != fresh.application.name:
            raise reconnect_required()  # the client was given another application since
        return _of_connection(fresh)

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
        return self._by_key(client, bearer=None, key=self.secrets.current(self.registry.application_of(client)))


def _of_connection(fresh: Fresh) -> Caller:
    stored = fresh.stored
    return Caller(
        fresh.application,
        (fresh.client,),
        fresh.bearer,
        stored.connection.account,
        is_person=True,
        connection=stored.id,
        version=stored.version,
    )


def _who(caller: Caller) -> tuple[object, ...]:
    """Return what tells callers apart; the application's secret may change between two looks at one."""
    return caller.clients, caller.is_person, caller.account, caller.connection, caller.is_person and caller.bearer


def _handle_unknown() -> RequestRefused:
    return _unauthorized(Code.CREDENTIALS_UNKNOWN, "This access token has expired, or was never given out.")


def _unauthorized(code: Code, public: str) -> RequestRefused:
    return RequestRefused(code, public, headers={"WWW-Authenticate": 'Bearer realm="cronofy-gateway"'})
