"""Reading `Gateway-Account`: whose stored connection a backend calls for, and which operations that can be.

Header lines in, a `sub` or a refusal out. Whether there is such a connection is not known here.
"""

import re
from collections.abc import Iterable
from typing import Final

from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused
from gateway.rules.headers import GATEWAY_ACCOUNT
from gateway.rules.operations import Credential, Operation

_SUB: Final = re.compile(r"(?:acc|ser|apc)_[A-Za-z0-9_-]{1,200}")
_OF_ACCOUNTS: Final = frozenset({Credential.USER, Credential.SERVICE_ACCOUNT})


def is_sub(text: str) -> bool:
    """Say whether a text can be the `sub` of an account, a service account or an application calendar."""
    return _SUB.fullmatch(text) is not None


def named_account(headers: Iterable[tuple[str, str]]) -> str:
    """Return the account that a call names; empty when it names none.

    Raises:
        RequestRefused: `account_header_refused` when it names two, or what cannot be a `sub`.
    """
    values = [value.strip() for name, value in headers if name.lower() == GATEWAY_ACCOUNT.lower()]
    if not values:
        return ""
    if len(values) > 1:
        raise refused(f"{GATEWAY_ACCOUNT} is sent more than once.")
    if not is_sub(values[0]):
        raise refused(f"{GATEWAY_ACCOUNT} must be the sub of an account: acc_…, ser_… or apc_….")
    return values[0]


def takes_accounts(operation: Operation) -> bool:
    """Say whether an operation can be called with the token of an account."""
    return bool(operation.credentials & _OF_ACCOUNTS)


def require_account_operation(operation: Operation) -> None:
    """Let pass only what can be called with the token of an account.

    Raises:
        RequestRefused: `account_header_refused`.
    """
    if not takes_accounts(operation):
        raise refused(
            f"{operation.name} is not called for an account: it takes the application's own credentials. "
            f"Leave {GATEWAY_ACCOUNT} out."
        )


def account_required(operation: Operation) -> RequestRefused:
    """Return the refusal of a client secret where Cronofy would want an account's token."""
    if not takes_accounts(operation):
        return RequestRefused(Code.OPERATION_REFUSED, f"{operation.name} does not take a client secret.")
    return RequestRefused(
        Code.ACCOUNT_REQUIRED,
        f"{operation.name} is called for an account. Send its access token, or name it in {GATEWAY_ACCOUNT} where the "
        "service door is open to this client.",
    )


def refused(public: str) -> RequestRefused:
    """Return a refusal of the header."""
    return RequestRefused(Code.ACCOUNT_HEADER_REFUSED, public)
