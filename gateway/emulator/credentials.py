"""Who is calling: an application by its id and secret, or somebody by a Bearer token.

Sources: https://docs.cronofy.com/developers/api/authentication and RFC 6749 section 2.3.1
"""

import base64
import hmac
from urllib.parse import unquote_plus

from aiohttp import web

from gateway.emulator.bodies import Body, text_of
from gateway.emulator.settings import EmulatorSettings


def bearer_of(request: web.Request) -> str:
    """Take the Bearer token from the Authorization header, or an empty text."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def is_secret(settings: EmulatorSettings, offered: str) -> bool:
    """Say whether a text is one of the application's active secrets, any of which is also its API key."""
    checks = [
        hmac.compare_digest(offered.encode("utf-8", "surrogatepass"), secret.encode())
        for secret in settings.client_secrets
    ]
    return any(checks)


def is_application(settings: EmulatorSettings, request: web.Request, body: Body) -> bool:
    """Check client id and secret, from the body first, then from HTTP Basic; a Bearer header is noise here.

    Python and Node send `Bearer None` or `Bearer undefined` along with their body credentials.
    """
    client_id, secret = text_of(body, "client_id"), text_of(body, "client_secret")
    if not (client_id and secret):
        client_id, secret = _basic_of(request)
    return client_id == settings.client_id and is_secret(settings, secret)


def _basic_of(request: web.Request) -> tuple[str, str]:
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        return "", ""
    # RFC 6749 section 2.3.1: both parts are form-encoded before they are joined.
    return unquote_plus(client_id), unquote_plus(secret)
