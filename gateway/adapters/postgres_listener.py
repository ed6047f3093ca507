"""Hears what any gateway on the same database deletes, over a connection of its own.

Best effort: what is deleted while the connection is away is not heard of later.

Source: https://www.postgresql.org/docs/current/sql-notify.html
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

import asyncpg
import structlog

from gateway.adapters.postgres_connections import ERRORS, describe
from gateway.flows.ports import Heard
from gateway.observe import events
from gateway.rules.errors import StoreUnavailable

CHANNEL: Final = "gateway_gone"
_LONGEST_PAYLOAD: Final = 7_900  # bytes; PostgreSQL refuses 8,000
_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 5.0
_STILL_THERE: Final = 30.0  # seconds between two looks at whether a silent connection is a dead one
_log = structlog.get_logger()


def announcement(kind: str, record_id: str) -> str | None:
    """Return what tells that a record is gone; None when its name is too long to be told."""
    payload = json.dumps([kind, record_id])  # ASCII, so characters are bytes
    return payload if len(payload) <= _LONGEST_PAYLOAD else None


class Listener:
    """Listens from the first `listen` to `close`, however often the connection breaks.

    Args:
        connect: opens a connection; raises StoreUnavailable.
        timeout: seconds for the server's answer to LISTEN, and to a look at whether it is still there.
    """

    def __init__(self, connect: Callable[[], Awaitable[asyncpg.Connection]], timeout: float) -> None:
        self._connect = connect
        self._timeout = timeout
        self._heard: list[Heard] = []
        self._task: asyncio.Task[None] | None = None

    def listen(self, heard: Heard) -> None:
        """Call `heard(kind, record_id)` from now on."""
        self._heard.append(heard)
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._keep_listening(), name="listen for deletes")

    async def close(self) -> None:
        """Listen no more."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _keep_listening(self) -> None:
        pause = _FIRST_PAUSE
        while True:
            try:
                await self._listen_until_lost()
                pause = _FIRST_PAUSE
            except (StoreUnavailable, *ERRORS) as error:
                if pause == _FIRST_PAUSE:  # once for each time that the server is away
                    detail = error.detail if isinstance(error, StoreUnavailable) else describe(error)
                    _log.warning(events.STORE_FAILED, detail=f"deletes of other processes are not heard: {detail}")
                pause = min(2 * pause, _LONGEST_PAUSE)
            await asyncio.sleep(pause)

    async def _listen_until_lost(self) -> None:
        connection = await self._connect()
        try:
            ended = asyncio.Event()
            connection.add_termination_listener(lambda _: ended.set())
            async with asyncio.timeout(self._timeout):
                await connection.add_listener(CHANNEL, self._tell)
            while not ended.is_set():
                with suppress(TimeoutError):
                    await asyncio.wait_for(ended.wait(), _STILL_THERE)
                    return
                await connection.execute("SELECT 1", timeout=self._timeout)
        finally:
            connection.terminate()

    def _tell(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        for heard in self._heard:
            try:
                kind, record_id = json.loads(str(payload))
                heard(kind, record_id)
            except Exception as error:  # noqa: BLE001  whoever listens must not end the listening
                _log.warning(events.STORE_FAILED, detail=f"a delete was not taken in: {type(error).__name__}")
