"""The frame of the emulator's few HTML pages: no script at all, one stylesheet, everything escaped."""

from html import escape
from importlib.resources import files
from typing import Final

from aiohttp import web

STYLESHEET_PATH: Final = "/_emulator/pages.css"

# There is no form-action here: browsers hold it against the redirect that follows the consent form, too.
_POLICY: Final = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"


def html_page(title: str, body: str, status: int = 200) -> web.Response:
    """Answer with a page.

    Args:
        title: plain text.
        body: HTML in which everything foreign is already escaped.
        status: of the response.
    """
    text = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f'<title>{escape(title)}</title>\n<link rel="stylesheet" href="{STYLESHEET_PATH}">\n</head>\n'
        f"<body>\n<main>\n{body}\n</main>\n"
        "<footer>This is an emulator of Cronofy, not Cronofy. No calendar is behind it.</footer>\n"
        "</body>\n</html>\n"
    )
    headers = {
        "Content-Security-Policy": _POLICY,
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    return web.Response(text=text, status=status, content_type="text/html", headers=headers)


def error_page(message: str) -> web.Response:
    """Tell a person that this authorize link cannot work; nobody is redirected anywhere."""
    body = f'<h1>This link does not work</h1>\n<p role="alert">{escape(message)}</p>'
    return html_page("This link does not work", body, status=400)


async def stylesheet(_request: web.Request) -> web.Response:
    """Serve the one stylesheet."""
    text = files("gateway.emulator").joinpath("pages.css").read_text(encoding="utf-8")
    return web.Response(text=text, content_type="text/css", headers={"Cache-Control": "max-age=300"})
