"""What an application does for itself: element tokens, attachments, verification.

Sources: https://docs.cronofy.com/developers/ui-elements/authentication and
https://docs.cronofy.com/developers/api/attachments
"""

import base64
import hashlib

from aiohttp import web

from gateway.emulator.answers import answer
from gateway.emulator.bodies import object_of, text_of, texts_of
from gateway.emulator.calls import Call
from gateway.emulator.elements import LIFETIME, PERMISSIONS, ElementToken
from gateway.emulator.ids import new_token
from gateway.emulator.refusals import invalid, required


def element_token(call: Call) -> web.Response:
    """POST /v1/element_tokens: for Cronofy's UI Elements on pages of `origin`."""
    permissions, origin = texts_of(call.body, "permissions"), text_of(call.body, "origin")
    missing = [name for name in ("permissions", "subs", "origin") if not call.body.get(name)]
    if missing:
        raise invalid(required(*missing))
    if not set(permissions) <= set(PERMISSIONS):
        raise invalid({"permissions": ("errors.not_recognized", f"of {', '.join(PERMISSIONS)}")})
    subs = texts_of(call.body, "subs")
    unknown = [sub for sub in subs if call.state.grants.of_account(sub) is None]
    if unknown:
        raise invalid({"subs": ("errors.not_recognized", f"{unknown[0]} has not authorized this application")})
    token, expires_at = new_token(), call.state.settings.clock() + LIFETIME
    call.state.element_tokens[token] = ElementToken(tuple(permissions), tuple(subs), origin, expires_at)
    told = {"permissions": permissions, "origin": origin, "token": token, "expires_in": int(LIFETIME)}
    return answer({"element_token": told})


def attach(call: Call) -> web.Response:
    """POST /v1/attachments: the file comes as base64, so bodies are large."""
    fields = object_of(call.body, "attachment") or call.body
    name, kind = text_of(fields, "file_name"), text_of(fields, "content_type")
    content = text_of(fields, "base64_content")
    missing = [field for field in ("file_name", "content_type", "base64_content") if not text_of(fields, field)]
    if missing:
        raise invalid(required(*missing))
    try:
        raw = base64.b64decode(content, validate=True)
    except ValueError as error:
        raise invalid({"base64_content": ("errors.invalid", "base64_content is not base64")}) from error
    digest = hashlib.md5(raw, usedforsecurity=False).hexdigest()
    attachment = {
        "attachment_id": f"att_{new_token()}",
        "file_name": name,
        "content_type": kind,
        "md5": digest,
    }
    return answer({"attachment": attachment})


def verify_application(call: Call) -> web.Response:
    """POST /v1/application_verification: 202 with an empty object."""
    if not texts_of(call.body, "redirect_uris"):
        raise invalid(required("redirect_uris"))
    return answer({}, status=202)
