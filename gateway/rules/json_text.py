"""Reading JSON that a rule will judge.

Strict on purpose: what this reader accepts, every other reader understands the same way. UTF-8 only, one document, no
key twice in an object (two readers would pick different ones), no NaN, no number beyond a double and no half of a
surrogate pair (neither can be written again), nesting bounded before the parser recurses (a hundred thousand `[` must
not become a 500).
"""

import json
import math
import re
from typing import Any, Final, NoReturn

from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused

_STRING_OR_BRACKET: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[\]{}]', re.DOTALL)
MAX_DEPTH: Final = 64  # Cronofy's deepest documented body nests 8 levels
_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")


def parse_json(raw: bytes) -> Any:  # noqa: ANN401  JSON has no narrower type; callers narrow it
    """Parse a JSON document.

    Raises:
        RequestRefused: `unsupported_media_type` when it is not UTF-8, `invalid_json`, or `duplicate_key`.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise RequestRefused(Code.UNSUPPORTED_MEDIA_TYPE, "The body must be JSON in UTF-8.") from None
    if text.startswith("\ufeff"):
        raise RequestRefused(Code.UNSUPPORTED_MEDIA_TYPE, "The body must be UTF-8 without a byte order mark.")
    if is_deeper_than(text, MAX_DEPTH):
        raise RequestRefused(Code.INVALID_JSON, f"The body is nested more than {MAX_DEPTH} levels deep.")
    try:
        parsed = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_finite)
        if _SURROGATE.search(text):
            json.dumps(parsed, ensure_ascii=False).encode("utf-8")
        return parsed
    except ValueError:
        # The parser's own message may quote the body.
        raise RequestRefused(Code.INVALID_JSON, "The body is not well-formed JSON.") from None


def is_deeper_than(text: str, limit: int) -> bool:
    """Say whether brackets outside of strings nest deeper than the limit, without recursing."""
    depth = 0
    # One match for each string or bracket, found at the speed of the regular expression engine: a loop over a
    # megabyte's characters would hold up every other call.
    for match in _STRING_OR_BRACKET.finditer(text):
        first = text[match.start()]
        if first in "[{":
            depth += 1
            if depth > limit:
                return True
        elif first in "]}":
            depth -= 1
    return False


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise RequestRefused(Code.DUPLICATE_KEY, "A JSON object in the body names a key more than once.")
    return found


def _finite(number: str) -> float:
    if math.isinf(value := float(number)):
        raise ValueError(number)
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)
