"""The few kinds of answer that the API gives."""

import json
from collections.abc import Mapping

from aiohttp import web


def answer(body: Mapping[str, object], status: int = 200) -> web.Response:
    """Answer with JSON."""
    return web.Response(
        body=json.dumps(body, ensure_ascii=False).encode(),
        status=status,
        headers={"Content-Type": "application/json; charset=utf-8"},
    )


def accepted() -> web.Response:
    """Answer 202 without a body: Cronofy works on it. SDKs tell it apart from 200, so it must stay a 202."""
    return web.Response(status=202)
