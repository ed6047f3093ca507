"""The few calls to Cronofy that the gateway makes of its own: token, revoke, userinfo.

Answers are read whole but bounded, in size and time: an endless one costs what a long one costs. Each call has a fresh
connection, so that a stale one cannot make it unclear whether a code was used; the session that is handed in sees to
that and to the time.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

import aiohttp
import structlog

from gateway.flows.ports import ApiReply
from gateway.observe import events
from gateway.rules.client import Application
from gateway.rules.error_codes import Code
from gateway.rules.errors import CronofyUnavailable

_TOKEN_REPLY_BYTES: Final = 64 * 1024  # a real one has under 1 KiB
_USERINFO_BYTES: Final = 4 * 1024 * 1024  # it lists every calendar of every profile
_RETRY_AFTER: Final = {"Retry-After": "5"}

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class CronofyClient:
    """Calls Cronofy through one client session."""

    session: aiohttp.ClientSession

    async def token(self, application: Application, fields: dict[str, Any]) -> ApiReply:
        """POST /oauth/token."""
        return await self._post(f"{application.hosts.api}/oauth/token", fields)

    async def revoke(self, application: Application, fields: dict[str, Any]) -> ApiReply:
        """POST /oauth/token/revoke."""
        return await self._post(f"{application.hosts.api}/oauth/token/revoke", fields)

    async def revoke_profile(self, application: Application, bearer: str, profile_id: str) -> ApiReply:
        """POST /v1/profiles/{profile_id}/revoke."""
        headers = {"Authorization": f"Bearer {bearer}", "Connection": "close"}
        url = f"{application.hosts.api}/v1/profiles/{quote(profile_id, safe='')}/revoke"
        async with _told("profile"), self.session.post(url, headers=headers, allow_redirects=False) as reply:
            return ApiReply(reply.status, await _read(reply, _TOKEN_REPLY_BYTES))

    async def authorize_conferencing(self, application: Application, bearer: str, fields: dict[str, str]) -> ApiReply:
        """POST /v1/conferencing_service_authorizations."""
        headers = {"Authorization": f"Bearer {bearer}", "Accept-Encoding": "identity"}
        url = f"{application.hosts.api}/v1/conferencing_service_authorizations"
        async with (
            _told("conferencing"),
            self.session.post(url, json=fields, headers=headers, allow_redirects=False) as reply,
        ):
            return ApiReply(reply.status, await _read(reply, _TOKEN_REPLY_BYTES))

    async def userinfo(self, application: Application, bearer: str) -> ApiReply:
        """GET /v1/userinfo."""
        headers = {
            "Authorization": f"Bearer {bearer}",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
        }
        async with (
            _told("userinfo"),
            self.session.get(f"{application.hosts.api}/v1/userinfo", headers=headers, allow_redirects=False) as reply,
        ):
            return ApiReply(reply.status, await _read(reply, _USERINFO_BYTES))

    async def _post(self, url: str, fields: dict[str, Any]) -> ApiReply:
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        async with (
            _told("token endpoint"),
            self.session.post(url, json=fields, headers=headers, allow_redirects=False) as reply,
        ):
            return ApiReply(reply.status, await _read(reply, _TOKEN_REPLY_BYTES))


async def _read(reply: aiohttp.ClientResponse, limit: int) -> bytes:
    body = bytearray()
    async for chunk in reply.content.iter_any():
        body += chunk
        if len(body) > limit:
            reply.close()
            raise CronofyUnavailable(
                Code.UPSTREAM_REPLY_INVALID,
                "Cronofy gave an answer far larger than it ever should be; nothing was stored.",
                detail=f"over {limit} bytes",
                headers=_RETRY_AFTER,
            )
    return bytes(body)


@asynccontextmanager
async def _told(what: str) -> AsyncIterator[None]:
    """Turn the client library's errors into ours; their texts may quote a URL, so only their kind is kept."""
    try:
        yield
    except TimeoutError as error:
        _log.warning(events.UPSTREAM_FAILED, call=what, error=type(error).__name__)
        raise CronofyUnavailable(
            Code.UPSTREAM_TIMEOUT, "Cronofy did not answer in time.", detail=what, headers=_RETRY_AFTER
        ) from None
    except (aiohttp.ClientError, OSError) as error:
        _log.warning(events.UPSTREAM_FAILED, call=what, error=type(error).__name__)
        raise CronofyUnavailable(
            Code.UPSTREAM_UNREACHABLE, "Cronofy could not be reached.", detail=what, headers=_RETRY_AFTER
        ) from None
