"""Reading what a client sends to the token endpoints, and writing what Cronofy is sent instead.

A form and a JSON object carry the same fields; both become one flat mapping. The client's own credentials stay here and
the application's take their place.

Source: RFC 6749 sections 2.3.1, 4.1.3 and 6; RFC 7009; https://docs.cronofy.com/developers/api/authorization/.
"""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote_plus

from gateway.rules.authorization import basic_spellings
from gateway.rules.client import Application
from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused
from gateway.rules.json_text import parse_json

Fields = Mapping[str, str | bool]

CREDENTIALS: Final = frozenset({"client_id", "client_secret"})
CODE_GRANT: Final = "authorization_code"
REFRESH_GRANT: Final = "refresh_token"
_FORM: Final = "application/x-www-form-urlencoded"
_JSON: Final = "application/json"


def read_fields(raw: bytes, content_type: str) -> Fields:
    """Read a token request's body: JSON or form, by its Content-Type; a form when there is none.

    Raises:
        RequestRefused: `invalid_request` when a field is doubled, not a string, or the body is neither.
    """
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type == _JSON:
        return _read_json(raw)
    if media_type in {_FORM, ""}:
        return _read_form(raw)
    raise RequestRefused(Code.INVALID_REQUEST, f"Send the request as {_JSON} or {_FORM}.")


def _read_json(raw: bytes) -> Fields:
    try:
        parsed = parse_json(raw)
    except RequestRefused as refused:
        raise RequestRefused(Code.INVALID_REQUEST, refused.public) from refused
    if not isinstance(parsed, dict):
        raise RequestRefused(Code.INVALID_REQUEST, "The body must be a JSON object.")
    # None is how SDKs spell an absent field.
    fields = {name: value for name, value in parsed.items() if value is not None}
    return {name: _scalar(value) for name, value in fields.items()}


def _scalar(value: Any) -> str | bool:  # noqa: ANN401  straight from JSON
    if isinstance(value, str | bool):
        return value
    raise RequestRefused(Code.INVALID_REQUEST, "Each field must be a string.")  # its name may be a secret


def _read_form(raw: bytes) -> Fields:
    fields: dict[str, str | bool] = {}
    try:
        pieces = raw.decode("ascii").split("&")
        pairs = [piece.partition("=") for piece in pieces if piece]
        decoded = [
            (unquote_plus(name, errors="strict"), unquote_plus(value, errors="strict")) for name, _, value in pairs
        ]
    except UnicodeDecodeError:
        raise RequestRefused(Code.INVALID_REQUEST, "The form is not UTF-8, percent-encoded.") from None
    for name, value in decoded:
        if name in fields:
            raise RequestRefused(Code.INVALID_REQUEST, "A field is sent more than once.")  # its name may be a secret
        fields[name] = value
    return fields


def client_credentials(fields: Fields, authorization: str | None) -> tuple[tuple[str, str], ...]:
    """Return the client id and secret: of the body first, then of HTTP Basic in each spelling that it can mean.

    A Bearer header is noise here.

    Raises:
        RequestRefused: `invalid_client` when neither names both.
    """
    in_body = text(fields, "client_id"), text(fields, "client_secret")
    if all(in_body):
        return (in_body,)
    basic = tuple(one for one in basic_spellings(authorization) if in_body[0] in {"", one[0]})
    if not basic:
        raise RequestRefused(Code.INVALID_CLIENT, "The client_id or client_secret is missing.")
    return basic


def text(fields: Fields, name: str) -> str:
    """Return a field as text; empty when it is absent or not text."""
    value = fields.get(name, "")
    return value if isinstance(value, str) else ""


def required(fields: Fields, name: str) -> str:
    """Return a field that must be there.

    Raises:
        RequestRefused: `invalid_request`, naming it.
    """
    if value := text(fields, name):
        return value
    raise RequestRefused(Code.INVALID_REQUEST, f"The field {name} is missing.")


def upstream_fields(
    fields: Fields, application: Application, *, without: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """Return the fields with the application's credentials in place of the client's."""
    kept = {name: value for name, value in fields.items() if name not in CREDENTIALS | without}
    return {"client_id": application.client_id, "client_secret": application.client_secret, **kept}
