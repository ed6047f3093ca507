"""How a browser describes itself, in plain words that may be shown to its person again.

It is an assertion of whoever sent it: good for telling one's own browsers apart, never for a decision.
"""

from typing import Final

_LONGEST: Final = 200  # a browser's own has about 120


def plain_user_agent(header: str) -> str:
    """Return a User-Agent header's printable ASCII characters, the first 200: no control reaches a terminal."""
    return "".join(one for one in header if " " <= one <= "~")[:_LONGEST]
