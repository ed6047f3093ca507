"""Which calls a web server in front (an engine) may carry to Cronofy by itself, once it was told the access token.

Engines attach the token and stream both ways. So they cannot carry what the gateway reads on the way up, what it reads
or changes on the way down, what it takes note of, and what is asked with a credential that only the gateway may show.
An operation of `extra_operations` streams both ways too.
"""

from typing import Final

from gateway.rules.account_header import takes_accounts
from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused
from gateway.rules.operations import Body, Operation

# What is known of the account's access modes is forgotten when Cronofy has answered these.
_NOTED: Final = frozenset({"revoke_profile"})


def is_for_engines(operation: Operation) -> bool:
    """Say whether an engine can carry an operation by itself."""
    return (
        operation.body is Body.STREAMED
        and not operation.answer_is_read
        and not operation.bearer_parameter
        and operation.name not in _NOTED
        and takes_accounts(operation)
    )


def must_pass_on(why: str) -> RequestRefused:
    """Return the refusal of a call that an engine has to pass on to the gateway."""
    return RequestRefused(Code.ENGINE_MUST_PASS_ON, f"{why} Pass the call on to the gateway, which carries it itself.")
