"""`GET /oauth/authorize` and `GET /enterprise_connect/oauth/authorize`: judge, then send the person on."""

import structlog
from aiohttp import web

from gateway.observe import events
from gateway.rules.authorize_request import (
    Connect,
    check_redirect_uri,
    judge_authorize,
    read_authorize,
    refusal_url,
)
from gateway.rules.errors import AuthorizeRefused
from gateway.web.keys import DOORS, FACTS

_log = structlog.get_logger()


async def individual(request: web.Request) -> web.Response:
    """Individual Connect."""
    return _redirect(request, Connect.INDIVIDUAL)


async def enterprise(request: web.Request) -> web.Response:
    """Enterprise Connect."""
    return _redirect(request, Connect.ENTERPRISE)


def _redirect(request: web.Request, connect: Connect) -> web.Response:
    """Return the 302 to Cronofy, or back to the client with its error.

    Raises:
        RequestRefused: client or redirect URI are not known, so nobody may be redirected: a page.
    """
    facts, doors = request[FACTS], request.app[DOORS]
    facts.call.operation = f"authorize_{connect}"
    asked = read_authorize(request.raw_path.partition("?")[2], connect)
    client = doors.registry.client(asked.client_id)
    facts.call.client = client.id
    check_redirect_uri(asked, client)
    try:
        location = judge_authorize(asked, client, doors.registry.application_of(client))
    except AuthorizeRefused as refused:
        facts.code = str(refused.code)
        doors.metrics.refusals.labels(facts.code).inc()
        _log.info(events.AUTHORIZE_REFUSED, client=client.id, connect=str(connect), code=facts.code)
        location = refusal_url(asked, refused)
    else:
        _log.info(events.AUTHORIZE_PASSED, client=client.id, connect=str(connect))
    # Not HTTPFound: yarl would normalise the URL, and state must come back byte for byte.
    headers = {"Location": location, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return web.Response(status=302, headers=headers)
