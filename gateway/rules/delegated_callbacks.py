"""Where each delegated account's code goes: judging every `callback_url` of a body, and putting others in their place.

A body that `delegated_scopes` has judged in; the callback URLs of its entries, or a body with other ones, out. A body
is taken or refused whole, with every bad entry named: the caller can mend them all at once.

Source: https://docs.cronofy.com/developers/api/enterprise-connect/delegated-access
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

from gateway.rules.delegated_scopes import collection_of
from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused
from gateway.rules.json_text import parse_json

MOST_ENTRIES: Final = 50  # the Python SDK documents 1 to 50
_FIELD: Final = "callback_url"


def judge_callback_urls(body: dict[str, Any], complaint: Callable[[object], str | None]) -> list[str]:
    """Return the callback URL of each entry, in order.

    Args:
        body: as `judge_delegated` returned it.
        complaint: says what is wrong with a callback URL, or None.

    Raises:
        RequestRefused: `invalid_field`, naming each entry whose callback URL cannot be used.
    """
    collection, entries = collection_of(body), _entries(body)
    if collection is not None and len(entries) > MOST_ENTRIES:
        sentence = f"Send at most {MOST_ENTRIES} authorizations in a list."
        raise RequestRefused(Code.INVALID_FIELD, sentence, fields={collection: sentence})
    refused = {
        _FIELD if collection is None else f"{collection}[{index}].{_FIELD}": problem
        for index, entry in enumerate(entries)
        if (problem := complaint(entry.get(_FIELD)))
    }
    if refused:
        raise RequestRefused(Code.INVALID_FIELD, next(iter(refused.values())), fields=refused)
    return [entry[_FIELD] for entry in entries]


def scopes_in(body: dict[str, Any]) -> list[str]:
    """Return the scope of each entry of a judged body, in order."""
    return [str(entry["scope"]) for entry in _entries(body)]


def with_callback_urls(body: dict[str, Any], urls: Sequence[str]) -> dict[str, Any]:
    """Return a body whose entries have these callback URLs, in order, and nothing else changed."""
    collection = collection_of(body)
    if collection is None:
        return {**body, _FIELD: urls[0]}
    return {
        **body,
        collection: [{**entry, _FIELD: url} for entry, url in zip(body[collection], urls, strict=True)],
    }


def _entries(body: dict[str, Any]) -> list[dict[str, Any]]:
    collection = collection_of(body)
    return [body] if collection is None else body[collection]


def code_in(raw: bytes) -> str:
    """Return the code in a callback's body; empty where it tells of a failure, or of something else.

    Raises:
        RequestRefused: it is no JSON that every reader understands in the same way.
    """
    told = parse_json(raw)
    authorization = told.get("authorization") if isinstance(told, dict) else None
    code = authorization.get("code") if isinstance(authorization, dict) else None
    return code if isinstance(code, str) else ""
