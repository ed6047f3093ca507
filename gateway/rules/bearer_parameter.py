"""Taking `bearer_token` out of a query or a JSON body, where an operation takes it as the credential.

The Node SDK sends the client secret so for bookable events. What a URL holds ends up in logs, so no secret may go on in
one: it becomes an Authorization header.

Source: cronofy-node 3.8.4, src/index.js (`createBookableEvent` and the three after it).
"""

from dataclasses import replace
from typing import Any, Final

from gateway.rules.authorization import bearer_token
from gateway.rules.operations import Operation
from gateway.rules.queries import owned_parameters, parse_query
from gateway.rules.request_target import Target

BEARER_PARAMETER: Final = "bearer_token"
_OWNED: Final = frozenset({BEARER_PARAMETER})


def without_bearer(target: Target, operation: Operation) -> tuple[Target, str]:
    """Return the target without a `bearer_token`, and the token; empty where there is none worth the name.

    Raises:
        RequestRefused: `parameter_repeated` where it is doubled, bracketed or hidden.
    """
    if not operation.bearer_parameter or not target.query:
        return target, ""
    parameters = parse_query(target.query)
    found = owned_parameters(parameters, _OWNED).get(BEARER_PARAMETER)
    if found is None:
        return target, ""
    kept = "&".join(one.raw for one in parameters if one is not found)
    return replace(target, query=kept), _token(found.value)


def take_bearer(body: Any, operation: Operation) -> tuple[bool, str]:  # noqa: ANN401  straight from JSON
    """Take a `bearer_token` out of a parsed body, which is changed; say whether it was there, and what it was."""
    if not operation.bearer_parameter or not isinstance(body, dict) or BEARER_PARAMETER not in body:
        return False, ""
    return True, _token(body.pop(BEARER_PARAMETER))


def _token(value: object) -> str:
    """Return a token; empty for an SDK's `undefined`, and for what no header could carry."""
    return (bearer_token(f"Bearer {value}") or "") if isinstance(value, str) else ""
