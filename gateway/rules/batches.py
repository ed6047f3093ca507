"""Taking refused items out of a batch, and putting their answers back in their places.

Each item of `/v1/batch` stands for itself: one that is refused gets an answer of its own (422, or 403 where the client
may not), the others go through, and the answers come in the order of the items.

Source: https://docs.cronofy.com/developers/api/events/batch/
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from gateway.rules.error_codes import Code
from gateway.rules.errors import CronofyUnavailable

MULTI_STATUS: Final = 207
_UNPROCESSABLE: Final = 422

_members = msgspec.json.Decoder(dict[str, msgspec.Raw])
_items = msgspec.json.Decoder(list[msgspec.Raw])


def without_items(body: Mapping[str, Any], refused: Sequence[int]) -> dict[str, Any]:
    """Return a batch without the items of these indices."""
    gone = set(refused)
    return {**body, "batch": [item for index, item in enumerate(body["batch"]) if index not in gone]}


def refused_item(field: str, code: str, sentence: str, *, status: int = _UNPROCESSABLE) -> dict[str, Any]:
    """Return the answer to one refused item, in Cronofy's shape."""
    errors = {field: [{"key": f"errors.{code}", "description": sentence}]}
    return {"status": status, "data": {"errors": errors}}


def merged_answers(reply: bytes, refused: Mapping[int, dict[str, Any]]) -> bytes:
    """Return a batch's answer with the refused items' answers in their places.

    Args:
        reply: Cronofy's answer to the others; empty when none was sent.
        refused: answer by index of the item.

    Raises:
        CronofyUnavailable: `upstream_reply_invalid` when it is no batch answer.
    """
    try:
        # Raw members: what Cronofy said of the others goes on byte for byte.
        answer = _members.decode(reply) if reply else {"batch": msgspec.Raw(b"[]")}
        others = _items.decode(answer["batch"])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, KeyError):
        raise CronofyUnavailable(
            Code.UPSTREAM_REPLY_INVALID,
            "Cronofy's answer to the batch cannot be read; the items that were sent may have been carried out.",
            detail="no batch answer",
        ) from None
    for index in sorted(refused):
        others.insert(index, msgspec.Raw(msgspec.json.encode(refused[index])))
    return msgspec.json.encode({**answer, "batch": others})
