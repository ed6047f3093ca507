"""UI Elements: calls that are known by an element token in the query, and the tokens themselves on their way out.

The token goes to Cronofy as it came, in the query, and nothing else with it: no Authorization, none of our cookies.
Where a session's cookie came along, the token wins, since somebody put it there on purpose. That is why no `X-CSRF` is
asked: another site's page could make the browser send the cookie, but the cookie is not used, and what the token allows
that page could have asked of Cronofy directly.
"""

from dataclasses import dataclass

from gateway.flows.bindings import account_key
from gateway.flows.callers import Caller
from gateway.flows.element_bindings import ElementBinding, ElementBindings
from gateway.flows.registry import Registry
from gateway.rules.client import Application, Client
from gateway.rules.element_tokens import (
    ElementReplyInvalid,
    check_element_origin,
    element_token_in,
    read_element_reply,
    unauthorized,
)
from gateway.rules.error_codes import Code
from gateway.rules.errors import CronofyUnavailable, RequestRefused
from gateway.rules.headers import GATEWAY_ACCOUNT, Pairs
from gateway.rules.operations import Credential, Operation


@dataclass(frozen=True, slots=True)
class Elements:
    """Tells the callers behind element tokens, and binds new tokens."""

    registry: Registry
    bindings: ElementBindings

    async def identify(self, headers: Pairs, query: str, operation: Operation) -> Caller | None:
        """Say whose element token is in a call's query; None where there is none.

        Args:
            headers: as they came.
            query: raw.
            operation: what is called.

        Raises:
            RequestRefused: the token is spelled oddly, unknown, not for this operation or not for this page.
            StoreUnavailable: it cannot be known now.
        """
        token = element_token_in(query, _values(headers, "authorization"))
        if token is None:
            return None
        if _values(headers, GATEWAY_ACCOUNT):
            raise RequestRefused(
                Code.ACCOUNT_HEADER_REFUSED, f"{GATEWAY_ACCOUNT} does not go with an element token: it names its own."
            )
        binding = await self.bindings.find(token)
        application, client = self._owner(binding)
        _check_operation(operation, binding)
        allowed = client.origins if binding is None else client.origins & {binding.origin}
        origin = check_element_origin(_values(headers, "origin"), allowed=allowed)
        account = binding.account if binding else ""
        return Caller(
            application, (client,), None, account, is_person=bool(account), is_element=True, element_origin=origin
        )

    def _owner(self, binding: ElementBinding | None) -> tuple[Application, Client]:
        """Return whose a token is; one from before the gateway only where it cannot be anybody else's."""
        application = self.registry.application(binding.application) if binding else self.registry.only_application()
        # With several applications not even its data centre is known; with several clients, not whose pages use it.
        clients = self.registry.clients_of(application) if application else ()
        known = [one for one in clients if (one.id == binding.client if binding else len(clients) == 1)]
        if application is None or not known:
            raise unauthorized(Code.CREDENTIALS_UNKNOWN, "This element token did not come through this gateway.")
        return application, known[0]

    async def bind(self, reply: bytes, request: bytes, caller: Caller) -> None:
        """Bind a new element token to the client that asked for it.

        Args:
            reply: Cronofy's answer, which holds it.
            request: what Cronofy was asked with.
            caller: who asked.

        Raises:
            CronofyUnavailable: there is no token in the answer.
            StoreUnavailable: it could not be bound, so it must not be handed out.
        """
        try:
            token = read_element_reply(reply, request)
        except ElementReplyInvalid as error:
            raise CronofyUnavailable(
                Code.UPSTREAM_REPLY_INVALID, "Cronofy's answer holds no usable element token.", detail=str(error)
            ) from None
        if caller.client is not None:
            key = account_key(caller.application.name, token.account) if token.account else ""
            await self.bindings.remember(caller.client, token, account_key=key)


def _check_operation(operation: Operation, binding: ElementBinding | None) -> None:
    """Let through what an Element of these permissions calls; whether this token may, Cronofy decides in the end."""
    if Credential.ELEMENT not in operation.credentials:
        raise RequestRefused(
            Code.OPERATION_REFUSED, "No UI Element calls this operation, so an element token does not reach it."
        )
    wanted = operation.element_permissions
    if binding is not None and wanted and not wanted & set(binding.permissions):
        raise RequestRefused(
            Code.OPERATION_REFUSED, f"This operation takes an element token with {' or '.join(sorted(wanted))}."
        )


def _values(headers: Pairs, name: str) -> list[str]:
    return [value for key, value in headers if key.lower() == name.lower()]
