"""A store whose answers are slow to come back: what was done is done, and whoever asked learns it later."""

import asyncio
from typing import Any

from gateway.adapters.store_memory import MemoryStore


class HeldStore:
    """A store of which one method's answers are held back until they are let go."""

    def __init__(self, store: MemoryStore, method: str) -> None:
        self._store = store
        self._method = method
        self._go_on = asyncio.Event()
        self.is_done = asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        return self._held if name == self._method and not self._go_on.is_set() else getattr(self._store, name)

    async def _held(self, *arguments: Any, **more: Any) -> Any:
        answer = await getattr(self._store, self._method)(*arguments, **more)
        self.is_done.set()
        await self._go_on.wait()
        return answer

    def let_go(self) -> None:
        """Hand out the answers, and hold no further one."""
        self._go_on.set()
