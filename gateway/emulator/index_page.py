"""The page at `/`: what this is, and its control API, read from the table that routes it."""

from html import escape
from typing import Final

from aiohttp import web

from gateway.emulator.control import CONTROLS
from gateway.emulator.page_layout import html_page
from gateway.emulator.state import STATE

_ABOUT: Final = (
    "A small stand-in for Cronofy, for development and tests. It plays the api host and the app host on this one "
    "origin and keeps everything in memory."
)


async def index_page(request: web.Request) -> web.StreamResponse:
    """Serve the page."""
    settings = request.app[STATE].settings
    entries = []
    for method, path, control in CONTROLS:
        words = (control.__doc__ or "").split(":", 1)
        hint = words[1].strip() if len(words) > 1 else "The same, emptied."
        entries.append(f"<dt><code>{method} {path}</code></dt><dd>{escape(hint)}</dd>")
    body = "\n".join(
        [
            "<h1>Cronofy emulator</h1>",
            f"<p>{_ABOUT} It knows one application: <code>{escape(settings.client_id)}</code>.</p>",
            "<h2>Control API</h2>",
            "<dl>",
            *entries,
            "</dl>",
        ]
    )
    return html_page("Cronofy emulator", body)
