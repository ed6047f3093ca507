"""Records of people who are signed in, sealed for real, in a file from which any store can be filled in bulk.

The gateway's own stories write them, into a store that only catches: so they have the very shape that a sign-in leaves
(a session, a connection, what is known of the account's modes), and each engine is filled with the same ones.
"""

import asyncio
import struct
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

import msgspec

from bench.sessions.people import Person, invented
from gateway.adapters.key_ring import parse_key_ring
from gateway.adapters.sealing import AesGcmSealer
from gateway.app.doors import make_doors
from gateway.app.outside import Outside
from gateway.config_check import Checked, load_settings
from gateway.flows.delegated_callbacks import AppPosts
from gateway.flows.ports import CronofyApi, Entry, Heard, Record
from gateway.flows.upstream_port import Upstream
from gateway.observe.metrics import Metrics

FRAME: Final = 1_000  # people
CLIENT: Final = "web"
KINDS: Final = ("session", "connection", "modes")  # what a sign-in leaves for good
_HANDLE: Final = 43  # characters
_SUB: Final = 28  # `acc_` and 24 hex digits
_SPREAD: Final = 4 * 3_600.0  # seconds ago, at most, of a sign-in: the idle time is eight hours
_LENGTH: Final = struct.Struct("!I")


class _CatchingStore:
    """Takes in what is put; nothing was there before."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    async def get(self, _kind: str, _record_id: str) -> Record | None:
        return None

    async def put(self, kind: str, record_id: str, record: Record, **_: object) -> int:
        self.entries.append(Entry(kind, record_id, replace(record, version=1)))
        return 1

    def listen(self, heard: Heard) -> None:
        pass


@dataclass
class _PastClock:
    at: float

    def now(self) -> float:
        return self.at


async def _sign_in(checked: Checked, now: float, people: Sequence[Person]) -> tuple[list[Entry], list[str]]:
    """Return the records of people who signed in over the last hours, and their handles."""
    store, clock = _CatchingStore(), _PastClock(now)
    sealer = AesGcmSealer(parse_key_ring(checked.key_ring))
    outside = Outside(
        cast("Any", store), sealer, cast("CronofyApi", None), cast("Upstream", None), cast("AppPosts", None)
    )
    doors = make_doors(checked, outside, clock, Metrics())
    client = doors.registry.client(CLIENT)
    application = doors.registry.application_of(client)
    handles = []
    for number, person in enumerate(people):
        clock.at = now - _SPREAD * number / len(people)
        await doors.browser.modes.learn(application, person.sub, person.profile)
        stored = await doors.browser.connections.connect(client, person.tokens)
        handles.append(await doors.browser.sessions.create(client, person.session_data(stored.id)))
    return store.entries, handles


def _frame(settings: Path, now: float, number: int, known: Sequence[Person]) -> tuple[bytes, bytes, list[str]]:
    """Make one frame, in a process of its own."""
    first = number * FRAME
    people = [*known, *map(invented, range(first + len(known), first + FRAME))]
    entries, handles = asyncio.run(_sign_in(load_settings(settings), now, people))
    rows = [(one.kind, one.id, *_fields(one.record)) for one in entries]
    return msgspec.msgpack.encode(rows), "".join(handles).encode(), [person.sub for person in people]


def _fields(record: Record) -> tuple[Any, ...]:
    names = record.client, record.account
    return record.value, record.version, *names, record.expires_at, record.sealed_by


@dataclass(frozen=True, slots=True)
class Corpus:
    """So many people's records, in a folder.

    Attributes:
        folder: where they lie.
        people: how many.
    """

    folder: Path
    people: int

    def frames(self, people: int) -> Iterator[list[Entry]]:
        """Yield the records of so many people, a thousand at a time."""
        with (self.folder / "frames").open("rb") as file:
            for _ in range(people // FRAME):
                (length,) = _LENGTH.unpack(file.read(_LENGTH.size))
                rows = msgspec.msgpack.decode(file.read(length))
                yield [Entry(row[0], row[1], Record(*row[2:])) for row in rows]

    def handles(self, numbers: Sequence[int]) -> list[str]:
        """Return people's session handles."""
        with (self.folder / "handles").open("rb") as file:
            return [_read_at(file, number * _HANDLE, _HANDLE) for number in numbers]

    def subs(self, numbers: Sequence[int]) -> list[str]:
        """Return people's accounts."""
        with (self.folder / "subs").open("rb") as file:
            return [_read_at(file, number * _SUB, _SUB) for number in numbers]


def _read_at(file: BinaryIO, position: int, length: int) -> str:
    file.seek(position)
    return str(file.read(length).decode())


def make_corpus(folder: Path, settings: Path, known: Sequence[Person], count: int, now: float) -> Corpus:
    """Make the records of so many people, with two processes.

    Args:
        folder: where they are written.
        settings: a gateway's, whose key ring seals them.
        known: the first of the people; the rest is invented.
        count: how many people; a multiple of a frame.
        now: Unix time, in seconds.
    """
    make, numbers = partial(_frame, settings, now), range(count // FRAME)
    slices = (known[number * FRAME :][:FRAME] for number in numbers)
    with (
        (folder / "frames").open("wb") as frames,
        (folder / "handles").open("wb") as handles,
        (folder / "subs").open("wb") as subs,
        ProcessPoolExecutor(2) as pool,
    ):
        for raw, some_handles, some_subs in pool.map(make, numbers, slices):
            frames.write(_LENGTH.pack(len(raw)) + raw)
            handles.write(some_handles)
            subs.write("".join(some_subs).encode())
    return Corpus(folder, count)
