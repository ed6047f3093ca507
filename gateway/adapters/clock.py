"""The system's clock."""

import time


class SystemClock:
    """Tells the time of this machine."""

    def now(self) -> float:
        """Return Unix time, in seconds."""
        return time.time()
