"""The scope of each delegated account: free_busy_write has to be in it as well.

A body of `/v1/service_account_authorizations` or `/v1/delegated_authorizations` in; the same body with its scopes
judged (and, under the policy `add`, completed) out.

Source: https://docs.cronofy.com/developers/api/enterprise-connect/delegated-access
"""

from typing import Any, Final, NamedTuple

from gateway.rules.client import Client
from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused
from gateway.rules.scopes import ScopePolicy, scopes_to_ask

COLLECTIONS: Final = ("service_account_authorizations", "delegated_authorizations")
_SINGLE_FORM: Final = frozenset({"email", "callback_url", "scope"})


class Judged(NamedTuple):
    """The body to send, and whether it differs from what came."""

    body: dict[str, Any]
    changed: bool


def judge_delegated(body: Any, client: Client | None) -> Judged:  # noqa: ANN401  straight from JSON
    """Judge every entry of a delegated-access request.

    Args:
        body: what was sent.
        client: whose policy counts; None for a caller that cannot be told, which gets the strict one.

    Raises:
        RequestRefused: `invalid_field` for a shape that Cronofy does not document, `scope_required` naming each entry
            that lacks free_busy_write or asks for more than the client may.
    """
    if not isinstance(body, dict):
        raise RequestRefused(Code.INVALID_FIELD, "The body must be a JSON object.")
    # Upstream could pick another form than we judged, so only one may be there; pycronofy's `state` beside a list may.
    forms = [name for name in COLLECTIONS if name in body]
    collection = collection_of(body)
    if collection is None:
        entries = {"": body}
    else:
        if len(forms) > 1 or _SINGLE_FORM & body.keys() or not isinstance(body[collection], list):
            raise RequestRefused(
                Code.INVALID_FIELD,
                f"Send one authorization, or a list in {collection}; not both.",
                fields={collection: "shape"},
            )
        entries = {f"{collection}[{index}].": entry for index, entry in enumerate(body[collection])}
    judged: dict[str, dict[str, Any]] = {}
    refused: dict[str, str] = {}
    for prefix, entry in entries.items():
        try:
            judged[prefix] = _with_scope(entry, client)
        except RequestRefused as error:
            refused[f"{prefix}scope"] = error.public
    if refused:
        raise RequestRefused(Code.SCOPE_REQUIRED, next(iter(refused.values())), fields=refused)
    whole = judged[""] if collection is None else {**body, collection: list(judged.values())}
    return Judged(whole, whole != body)


def collection_of(body: dict[str, Any]) -> str | None:
    """Return the name of the list that a body holds its entries in; None for a single one."""
    return next((name for name in COLLECTIONS if name in body), None)


def _with_scope(entry: Any, client: Client | None) -> dict[str, Any]:  # noqa: ANN401  straight from JSON
    if not isinstance(entry, dict):
        raise RequestRefused(Code.INVALID_FIELD, "Each authorization must be a JSON object.")
    asked = entry.get("scope", "")
    if isinstance(asked, list) and all(isinstance(one, str) for one in asked):
        asked = " ".join(asked)  # what the Ruby and PHP SDKs would have joined
    if not isinstance(asked, str):
        raise RequestRefused(Code.INVALID_FIELD, "The scope must be a string.")
    policy, allowed = (client.scope_policy, client.allowed_scopes) if client else (ScopePolicy.REJECT, frozenset[str]())
    scopes = scopes_to_ask(asked, policy=policy, allowed=allowed)
    return (
        entry
        if asked.split() == list(scopes) and isinstance(entry["scope"], str)
        else {**entry, "scope": " ".join(scopes)}
    )
