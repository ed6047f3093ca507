"""Reading request bodies: JSON or form, in all the shapes that the SDKs send.

Python sends `{}` with every GET, PHP sends `[]` for "nothing", C# claims a Content-Encoding that it did not
apply.
"""

import json
from collections.abc import Mapping
from urllib.parse import parse_qsl

from aiohttp import web

Body = Mapping[str, object]


class UnreadableBodyError(Exception):
    """The body is not an object in JSON (in UTF-8) or form encoding."""


async def read_body(request: web.Request) -> Body:
    """Read a body into a mapping; no body and `[]` are an empty one.

    Raises:
        UnreadableBodyError: with a sentence that says what is wrong.
    """
    raw = await request.read()
    if not raw.strip():
        return {}
    try:
        text = raw.decode()
        if request.content_type == "application/x-www-form-urlencoded":
            return dict(parse_qsl(text, keep_blank_values=True))
        # Deep nesting ends the decoder's recursion, which is the sender's fault, not ours.
        decoded: object = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableBodyError("The body is neither JSON nor a form.") from error
    if decoded == []:
        return {}
    if not isinstance(decoded, dict):
        raise UnreadableBodyError("The body must be an object.")
    return decoded


def text_of(body: Body, name: str) -> str:
    """Take a text field; anything else counts as missing."""
    value = body.get(name)
    return value if isinstance(value, str) else ""


def object_of(body: Body, name: str) -> Body:
    """Take an object field; anything else counts as empty."""
    value = body.get(name)
    return value if isinstance(value, dict) else {}


def objects_of(body: Body, name: str) -> list[Body]:
    """Take a list of objects; entries that are none become empty ones, so positions stay."""
    value = body.get(name)
    return [item if isinstance(item, dict) else {} for item in value] if isinstance(value, list) else []


def texts_of(body: Body, name: str) -> list[str]:
    """Take a list of texts; PHP and Ruby also send one text with spaces where a list is meant."""
    value = body.get(name)
    if isinstance(value, str):
        return value.split()
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def number_within(value: object, least: float, most: float, *, whole: bool = False) -> float | None:
    """Take a JSON number between two bounds, both allowed; anything else, booleans too, is None."""
    if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
        return None
    return float(value) if least <= value <= most else None


def is_true(value: object) -> bool:
    """Read a boolean: JSON's own, or `true`, `True` (Python) and `1` (PHP) as text."""
    return value is True or value == 1 or (isinstance(value, str) and value in {"true", "True", "1"})
