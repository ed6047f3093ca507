"""The service door: a backend calls for a stored connection of its client, with the client's secret and a `sub`.

From there on it is like a call by session: the vault's token goes up, refreshed once for any number of callers. Whether
an account is another client's or nobody's at all is not told: a connection is found by client and account together.
"""

from typing import Final

from gateway.flows.stored_connection import connection_id
from gateway.flows.vault import Fresh, Vault
from gateway.rules.account_header import refused, require_account_operation
from gateway.rules.client import Client
from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused
from gateway.rules.headers import GATEWAY_ACCOUNT
from gateway.rules.operations import Operation

_CLOSED: Final = (
    "The service door is not open to this client. The operator can open it: set service_door = true in clients.{}."
)


async def enter_for_operation(vault: Vault, client: Client | None, operation: Operation, account: str) -> Fresh:
    """Return the connection that a call names, with a token that can be used now.

    Args:
        vault: where connections are.
        client: whose secret the call shows; None for any other credential.
        operation: what is called.
        account: `sub`, as the call names it.

    Raises:
        RequestRefused: `account_header_refused`, `service_door_closed`, `connection_unknown` or `reconnect_required`.
        CronofyUnavailable: the token has expired and cannot be refreshed now.
        StoreUnavailable: it cannot be known now.
    """
    client = require_door(client)
    require_account_operation(operation)
    name = connection_id(client, account)
    try:
        return await vault.fresh(name)
    except RequestRefused:
        if await vault.has(name):
            raise
    raise connection_unknown()


def require_door(client: Client | None) -> Client:
    """Return the client to which the door is open.

    Raises:
        RequestRefused: `account_header_refused` without a client's secret, or `service_door_closed`.
    """
    if client is None:
        raise refused(f"{GATEWAY_ACCOUNT} goes with a client secret in the service door only.")
    if not client.service_door:
        raise RequestRefused(Code.SERVICE_DOOR_CLOSED, _CLOSED.format(client.id))
    return client


def connection_unknown() -> RequestRefused:
    """Return the refusal of an account that this client has no connection to, whoever else has one."""
    return RequestRefused(
        Code.CONNECTION_UNKNOWN,
        "This client has no stored connection to this account. Let the person connect through this client.",
    )
