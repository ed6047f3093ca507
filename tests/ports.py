"""Free ports on loopback."""

import random
import socket
from contextlib import suppress
from typing import Final

# Below those that the system gives to outgoing connections and to port 0: one of them could take it meanwhile.
_RANGE: Final = range(18_000, 32_000)
_given: set[int] = set()


def free_port() -> int:
    """Return a loopback port that was free a moment ago; each only once in a process, as long as there are others.

    Raises:
        OSError: none is free.
    """
    candidates = random.SystemRandom().sample(_RANGE, len(_RANGE) // 20)
    for port in sorted(candidates, key=_given.__contains__):  # those that were not given yet come first
        with suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            _given.add(port)
            return port
    raise OSError("no port is free")
