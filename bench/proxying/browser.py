"""A browser that signs in: follows redirects and keeps each origin's cookies."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.cookies import Morsel, SimpleCookie
from typing import Final
from urllib.parse import urljoin, urlsplit

from bench.proxying.failures import Failed
from bench.proxying.http import fetch

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_MOST: Final = 12
# Some answer a redirect only to what looks like a navigation.
_NAVIGATION: Final = {"Accept": "text/html,*/*;q=0.8", "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) bench"}


def sign_in(port: int, path: str) -> str:
    """Follow the redirects from a page on, and return the value of the `Cookie` header for its origin.

    Raises:
        Failed: they never end, or no cookie is there at the end.
    """
    jars: dict[int, dict[str, str]] = {}
    url = f"http://127.0.0.1:{port}{path}"
    for _ in range(_MOST):
        parts = urlsplit(url)
        at, target = parts.port or 80, parts.path + (f"?{parts.query}" if parts.query else "")
        jar = jars.setdefault(at, {})
        status, response, _body = fetch(at, target, {**_NAVIGATION, **({"Cookie": _header(jar)} if jar else {})})
        _take(jar, response.headers.get_all("Set-Cookie", []))
        if status not in _REDIRECTS:
            break
        url = urljoin(url, response.headers["Location"])
    else:
        raise Failed(f"more than {_MOST} redirects from {path}")
    if not jars[port]:
        raise Failed(f"{path} led to no cookie, but to a {status}")
    return _header(jars[port])


def _header(jar: dict[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in jar.items())


def _take(jar: dict[str, str], lines: list[str]) -> None:
    for line in lines:
        for name, morsel in SimpleCookie(line).items():
            if _is_over(morsel):
                jar.pop(name, None)
            else:
                jar[name] = morsel.coded_value


def _is_over(morsel: Morsel[str]) -> bool:
    if morsel["max-age"]:
        return int(morsel["max-age"]) <= 0
    return bool(morsel["expires"]) and parsedate_to_datetime(morsel["expires"]).astimezone(UTC) < datetime.now(UTC)
