"""Reading the settings again while the gateway runs, in one process: at SIGHUP, and when a file of theirs changes.

Applications and clients are taken over in place, and no call notices. Everything else is settled at the start: what
differs there is named in the log, and waits for a restart. Settings that cannot be used are refused whole.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import structlog

from gateway.adapters.key_ring import KeyRingInvalid
from gateway.app.live_clients import LiveClients
from gateway.config.watched_files import FileWatch, files_of
from gateway.config_check import Checked, SettingsInvalid, check_whole
from gateway.flows.ports import Clock
from gateway.observe import events
from gateway.observe.metrics import Metrics

LOOK_EVERY: Final = 0.9  # seconds; a change counts at the second look that finds it, so within two
_IN_PLACE: Final = frozenset({"applications", "clients"})

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class SettingsSource:
    """Where settings come from.

    Attributes:
        read: reads them anew; raises SettingsInvalid or KeyRingInvalid.
        file: the settings file; None where variables alone speak.
        asked: set when somebody asks for a reload.
    """

    read: Callable[[], Checked]
    file: Path | None = None
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    def files(self, *secret_files: Path) -> tuple[Path, ...]:
        """Return every file that is to be looked at."""
        return ((self.file,) if self.file else ()) + secret_files


class Reloading:
    """Reads settings again for as long as the gateway runs.

    Args:
        source: where they come from.
        live: takes applications and clients over.
        clock: the time.
        metrics: counts.
        every: seconds between two looks at the files.
    """

    def __init__(
        self, source: SettingsSource, live: LiveClients, clock: Clock, metrics: Metrics, *, every: float = LOOK_EVERY
    ) -> None:
        self._source = source
        self._live = live
        self._clock = clock
        self._metrics = metrics
        self._every = every
        self._started_with = live.checked
        self._task: asyncio.Task[None] | None = None
        self._refusals = 0

    async def begin(self) -> None:
        """Look from now on."""
        files = self._source.files(*files_of(self._started_with.settings))
        watch = await asyncio.to_thread(FileWatch, files)
        self._task = asyncio.create_task(self._follow(watch), name="follow the settings")

    async def _follow(self, watch: FileWatch) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._every):
                    await self._source.asked.wait()
            try:
                if self._source.asked.is_set():
                    self._source.asked.clear()
                    await asyncio.to_thread(watch.take)
                elif not await asyncio.to_thread(watch.has_changed):
                    continue
                refused = self._refusals
                files = await self.reload()
                await asyncio.to_thread(watch.follow, files, missing=self._refusals > refused)
            except Exception as error:  # noqa: BLE001  a reload that was never thought of must not be the last one
                self._refuse([type(error).__name__])

    async def reload(self) -> tuple[Path, ...]:
        """Read the settings and take over what can be; return the files that are to be looked at from now on."""
        present = self._live.checked
        try:
            fresh = await asyncio.to_thread(self._source.read)
            # Once more, among what stays as it is: an origin must fit to the public_url that is in force, not to that
            # of the file.
            taken = await asyncio.to_thread(_with_clients_of, self._started_with, fresh)
        except SettingsInvalid as invalid:
            self._refuse([f"{one.place} {one.problem}" for one in invalid.complaints if one.fatal])
            return self._source.files(*files_of(present.settings), *invalid.files)
        except KeyRingInvalid as invalid:
            self._refuse([f"keys.ring {invalid}"])
            return self._source.files(*files_of(present.settings))
        self._live.take_settings(taken)
        self._metrics.reloads.labels("taken").inc()
        self._metrics.reloaded_at.set(self._clock.now())
        _log.info(events.GATEWAY_RELOADED, needs_restart=needs_restart(self._started_with, fresh))
        return self._source.files(*files_of(fresh.settings))

    def _refuse(self, problems: list[str]) -> None:
        self._refusals += 1
        self._metrics.reloads.labels("refused").inc()
        _log.error(events.GATEWAY_RELOAD_REFUSED, problems=problems)

    async def end(self) -> None:
        """Stop looking."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task


def _with_clients_of(running: Checked, fresh: Checked) -> Checked:
    """Return running settings with the applications and clients of fresh ones.

    Raises:
        SettingsInvalid: they do not go together.
    """
    parts = {name: getattr(fresh.settings, name) for name in _IN_PLACE}
    # Keys and store as they are named now: the files of before may be gone, and nobody reads them here.
    named = {name: getattr(fresh.settings, name) for name in ("keys", "store", "engine")}
    both = check_whole(running.settings.model_copy(update={**parts, **named}))
    settings = running.settings.model_copy(update=parts)
    return replace(
        both,
        settings=settings,
        key_ring=running.key_ring,
        store_url=running.store_url,
        engine_key=running.engine_key,
    )


def needs_restart(running: Checked, fresh: Checked) -> list[str]:
    """Name the settings that differ and are settled at the start."""
    names = [
        name
        for name in type(running.settings).model_fields
        if name not in _IN_PLACE and getattr(running.settings, name) != getattr(fresh.settings, name)
    ]
    inside = (
        ("keys", running.key_ring != fresh.key_ring),
        ("store", running.store_url != fresh.store_url),
        ("engine", running.engine_key != fresh.engine_key),
    )
    return sorted({*names, *(name for name, differs in inside if differs)})
