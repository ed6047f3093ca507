"""Sending a callback to an app, signed as Cronofy signs all of them.

Source: https://docs.cronofy.com/developers/push-notifications/authentication
"""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Final

import aiohttp
from aiohttp import web

from gateway.emulator.accounts import Record

_SUCCESS: Final = range(200, 300)
_PATIENCE: Final = aiohttp.ClientTimeout(total=5)  # seconds that Cronofy waits for a 2xx


def signature(raw: bytes, secrets: Iterable[str]) -> str:
    """Sign raw body bytes: one base64 HMAC-SHA256 per active secret, split by commas without spaces."""
    digests = (hmac.new(secret.encode(), raw, hashlib.sha256).digest() for secret in secrets)
    return ",".join(base64.b64encode(digest).decode() for digest in digests)


class Callbacks:
    """Sends in the background, and again until it is taken with a 2xx or there is no pause left.

    Args:
        client_secrets: every active one; each signs.
        pauses: seconds between two tries. Cronofy goes on for a day, at times that it does not publish.
        note: is told of every try.
    """

    def __init__(
        self, client_secrets: tuple[str, ...], *, pauses: tuple[float, ...], note: Callable[[Record], None]
    ) -> None:
        self._secrets = client_secrets
        self._pauses = pauses
        self._note = note
        self._tasks: set[asyncio.Task[None]] = set()
        self._session: aiohttp.ClientSession | None = None

    async def run(self, _app: web.Application) -> AsyncIterator[None]:
        """Hold the client open as long as the app runs; for `cleanup_ctx`."""
        async with aiohttp.ClientSession(timeout=_PATIENCE) as self._session:
            yield
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def send(self, url: str, payload: Record) -> None:
        """Start sending a payload to an absolute URL."""
        task = asyncio.get_running_loop().create_task(self._deliver(url, json.dumps(payload).encode()))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, url: str, raw: bytes) -> None:
        for tries, pause in enumerate((*self._pauses, None), start=1):
            status = await self._post(url, raw)
            self._note({"url": url, "status": status, "tries": tries})
            if status in _SUCCESS or pause is None:
                return
            await asyncio.sleep(pause)

    async def _post(self, url: str, raw: bytes) -> int:
        """Return the answer's status, or 0 where nobody answers."""
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Cronofy-HMAC-SHA256": signature(raw, self._secrets),
        }
        if self._session is None:
            return 0
        try:
            async with self._session.post(url, data=raw, headers=headers, allow_redirects=False) as reply:
                return reply.status
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return 0


CALLBACKS: Final = web.AppKey("emulator_callbacks", Callbacks)
