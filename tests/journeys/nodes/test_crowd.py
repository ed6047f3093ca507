"""Many people whose every call needs a refresh, on several nodes: each call reaches its own account.

CVE-2024-51987, CVE-2026-71326: a pooled client sent another user's token after a refresh, a shared refresh was handed
to somebody else.
"""

import asyncio
from pathlib import Path

from gateway.emulator.app import EmulatorSettings
from gateway.flows.vault import MARGIN
from tests.journeys.nodes.fleet import open_fleet

PEOPLE, ROUNDS = 200, 4  # `python -m bench.sessions crowd` does it with 1,000 people and 20 calls each


async def test_no_token_reaches_another_session(tmp_path: Path, store_url: str) -> None:
    # Shorter than the vault's margin, so that every call refreshes; longer than a busy machine takes for a round.
    short = EmulatorSettings(access_token_lifetime=int(MARGIN) - 5)
    async with open_fleet(tmp_path, store_url, 2, emulated=short) as fleet:
        await fleet.control("tokens/rotate", kind="strict")
        handles = await fleet.sign_in(PEOPLE)
        for round_number in range(ROUNDS):
            calls = (
                fleet.call(fleet.nodes[(number + round_number) % 2], handle) for number, handle in enumerate(handles)
            )
            answers = await asyncio.gather(*calls)
            assert [(status, body.get("sub")) for status, body, _ in answers] == [
                (200, sub) for sub in handles.values()
            ]
        assert await fleet.refreshes() == PEOPLE * ROUNDS
