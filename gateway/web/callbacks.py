"""`POST /auth/callbacks/{secret}`: what Cronofy tells of a delegated account."""

from aiohttp import web

from gateway.rules.callback_signatures import SIGNATURE_HEADER
from gateway.web.bodies import AiohttpBody
from gateway.web.keys import DOORS, FACTS
from gateway.web.shielded import to_its_end


async def take(request: web.Request) -> web.Response:
    """Pass a callback on to the app whose it is; a 2xx only when the app took it.

    Raises:
        RequestRefused: it is nobody's, or not Cronofy's.
        GatewayError: the app did not take it.
        StoreUnavailable: it cannot be known whose it is.
    """
    doors = request.app[DOORS]
    request[FACTS].call.operation = "delegated_callback"
    signature = ",".join(request.headers.getall(SIGNATURE_HEADER, []))
    body = AiohttpBody(request, doors.max_body_bytes)
    content_type = request.headers.get("Content-Type", "")
    # To its end: whoever posted may give up waiting while the app still reads.
    story = doors.callbacks.take(request.match_info["secret"], body.read, signature, content_type)
    client = await to_its_end(story)
    request[FACTS].call.client = client.id
    return web.Response(status=200, headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"})
