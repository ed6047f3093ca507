"""What gateways and the measurements themselves open stores with: an emulator, a key ring, and people in bulk."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from gateway.adapters.key_ring import generate_key
from gateway.config_check import Checked, load_settings
from gateway.emulator.app import EmulatorSettings
from tests.journeys.nodes.fleet import Fleet, open_emulator, open_http


@dataclass(frozen=True, slots=True)
class Stage:
    """An emulator and a key ring that outlive the stores.

    Attributes:
        folder: for files of the moment.
        cronofy: the emulator's URL.
        http: what calls gateways.
        ring: the file of the keys.
    """

    folder: Path
    cronofy: str
    http: aiohttp.ClientSession
    ring: Path

    def fleet(self, url: str) -> Fleet:
        """Return gateways on a store; none is started yet."""
        return Fleet(self.folder, url, self.cronofy, self.http, self.ring)

    def settings_file(self, url: str) -> Path:
        """Write the settings of a gateway on a store."""
        path = self.folder / "bench.toml"
        path.write_text(self.fleet(url).config(8080, 9080), encoding="utf-8")
        return path

    def settings(self, url: str) -> Checked:
        """Return the settings of a gateway on a store."""
        return load_settings(self.settings_file(url))


@asynccontextmanager
async def open_stage(folder: Path) -> AsyncIterator[Stage]:
    """Run an emulator until the block ends."""
    ring = folder / "ring"
    ring.write_text(generate_key() + "\n", encoding="utf-8")
    async with open_emulator(EmulatorSettings()) as cronofy, open_http() as http:
        yield Stage(folder, cronofy, http, ring)
