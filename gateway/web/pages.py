"""Pages that people see: plain, escaped, without script, readable in light and dark."""

import base64
import hashlib
from collections.abc import Mapping
from html import escape
from typing import Final

_STYLE: Final = """
:root { color-scheme: light dark; --ink: #1d2733; --soft: #5b6875; --paper: #f6f7f9; --card: #fff; --line: #dde2e8; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8edf2; --soft: #9fadba; --paper: #12171d; --card: #1a2129; --line: #2c3641; }
}
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem; background: var(--paper);
  color: var(--ink); font: 1rem/1.55 system-ui, sans-serif; }
main { max-width: 34rem; width: 100%; padding: 2rem; background: var(--card); border: 1px solid var(--line);
  border-radius: 14px; }
h1 { margin: 0 0 .75rem; font-size: 1.35rem; line-height: 1.3; }
p { margin: 0 0 .75rem; overflow-wrap: anywhere; }
small { color: var(--soft); }
"""
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def error_page(title: str, sentence: str, way_out: str, request_id: str) -> tuple[str, str]:
    """Return an error page and its Content-Security-Policy."""
    body = (
        f"<h1>{escape(title)}</h1><p>{escape(sentence)}</p><p>{escape(way_out)}</p>"
        f"<p><small>Request {escape(request_id)}</small></p>"
    )
    return page(title, body), POLICY


def restart_page(sentence: str, homes: Mapping[str, str], request_id: str) -> str:
    """Return the page of a sign-in that was not recognised, with a link to each app's home."""
    links = "".join(
        f'<p><a href="{escape(home)}">Start again in {escape(name)}</a></p>' for name, home in homes.items()
    )
    request = f"<p><small>Request {escape(request_id)}</small></p>"
    return page("Sign-in not recognised", f"<h1>Sign-in not recognised</h1><p>{escape(sentence)}</p>{links}{request}")


def page(title: str, body: str) -> str:
    """Return a whole page; `body` is HTML that was escaped already."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)} - Cronofy Gateway</title><style>{_STYLE}</style></head>"
        f"<body><main>{body}</main></body></html>"
    )
