"""Whether an answer of Cronofy's repeats a credential that is not the caller's to know.

Bytes and credentials in, a yes or the rest out. Servers repeat what they were sent: in a validation error, a page for
developers, a `WWW-Authenticate`. What this gateway sends in its own name must not come back to a caller that way.

Found are the credential itself and its percent-encoded, JSON-escaped and base64 spellings (HTTP Basic). A server that
mangles it in another way is not guarded against.
"""

import base64
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import quote

import msgspec

# Shorter ones would be found in anything; Cronofy's own have 32 letters and more.
_SHORTEST: Final = 6
_TELLING: Final = 9  # bytes: twelve letters of base64


def repeats(said: bytes, credentials: Iterable[str]) -> bool:
    """Say whether a text repeats one of these credentials.

    Args:
        said: a body, decoded, or a header's value.
        credentials: what must not be in it; empty ones count for nothing.
    """
    spelled = [one for each in credentials if len(each) >= _SHORTEST for one in _spellings(each)]
    if not spelled:
        return False
    texts = [said]
    if b"\\" in said:
        texts.append(_unescaped(said))
    return any(one in text for text in texts for one in spelled)


def without_repeating(raw: bytes, credentials: Iterable[str]) -> bytes:
    """Return a JSON object without the members that repeat one of these credentials; the others byte for byte.

    Args:
        raw: a JSON object.
        credentials: what must not be in it.
    """
    hidden = tuple(credentials)
    if not repeats(raw, hidden):
        return raw
    members = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    kept = {
        name: value
        for name, value in members.items()
        if not repeats(msgspec.json.encode(name) + b" " + bytes(value), hidden)
    }
    return msgspec.json.encode(kept)


def _spellings(credential: str) -> set[bytes]:
    raw = credential.encode()
    found = {raw, quote(credential, safe="").encode(), msgspec.json.encode(credential)[1:-1]}
    for shift in range(3):
        # Whole groups of three bytes look the same in any base64 text that holds them at this shift.
        inner = raw[shift : shift + (len(raw) - shift) // 3 * 3]
        if len(inner) >= _TELLING:
            found |= {base64.b64encode(inner), base64.urlsafe_b64encode(inner)}
    return found


def _unescaped(said: bytes) -> bytes:
    """Return JSON with no more escapes than it needs; in other text only the slash loses its backslash."""
    try:
        parsed: Any = msgspec.json.decode(said)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return said.replace(b"\\/", b"/")
    return msgspec.json.encode(parsed)
