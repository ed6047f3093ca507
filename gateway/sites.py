"""Which pages are same-site with the gateway.

Browsers send the session cookie only where page and gateway are of one site: the same scheme and the same registrable
domain, ports aside. What is registrable is decided by the Public Suffix List, which comes with the library.

Source: RFC 10017 section 6.1.3.2; the HTML standard, «same site».
"""

from functools import cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from publicsuffixlist import PublicSuffixList

from gateway.rules.errors import RequestRefused
from gateway.rules.return_targets import origin_of, resolve_return_target


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def site_of(url: str) -> tuple[str, str]:
    """Return scheme and registrable domain; an address, or a name without one such as localhost, is its own site."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        ip_address(host)
    except ValueError:
        return parts.scheme, _suffixes().privatesuffix(host) or host
    return parts.scheme, host


def complaint_about_page(url: str, public_url: str, *, is_origin: bool) -> str | None:
    """Say what is wrong with a page's URL or origin in the settings, or None."""
    if problem := complaint_about_url(url, is_origin=is_origin):
        return problem
    if site_of(url) != site_of(public_url):
        return f"is not same-site with {public_url}, so browsers would not send the session cookie"
    return None


def complaint_about_url(url: str, *, is_origin: bool) -> str | None:
    """Say what is wrong with a URL or origin on whatever site, or None."""
    try:
        parts = urlsplit(url)
        origin = origin_of(url)
    except ValueError:
        return "is not a URL"
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username is not None or "\\" in url:
        return "must start with http:// or https:// and name a host, without a user"
    if is_origin and url != origin:
        return f"is no origin; write it as {origin}"
    try:
        resolve_return_target(url, home=url, origins=frozenset())
    except RequestRefused:
        return "holds what two readers could take for different places"
    return None
