r"""`pages.next_page` must lead back through the gateway.

It is an absolute URL on Cronofy's host, and every SDK follows it with the same Bearer: left alone, page two would be
asked of Cronofy directly. Only that one member is replaced; every other byte of the body stays (replacing text would
miss `https:\/\/` and damage event texts that quote such an address).

Source: https://docs.cronofy.com/developers/api/events/read-events
"""

from collections.abc import Set as AbstractSet

import msgspec

from gateway.rules.element_tokens import PARAMETER, names_element_token
from gateway.rules.error_codes import Code
from gateway.rules.errors import CronofyUnavailable
from gateway.rules.queries import parse_query, seen_names


class _Pages(msgspec.Struct):
    next_page: str | None = None


class _Page(msgspec.Struct):
    pages: _Pages | None = None


_probe = msgspec.json.Decoder(_Page)
_members = msgspec.json.Decoder(dict[str, msgspec.Raw])


def relink_page(body: bytes, *, public_url: str, known_origins: AbstractSet[str]) -> bytes:
    """Return a page's body with its `next_page` on the gateway; other bodies come back as they are.

    Args:
        body: what Cronofy answered, identity coded.
        public_url: the gateway's own origin, without a trailing slash.
        known_origins: origins that are Cronofy's.

    Raises:
        CronofyUnavailable: `upstream_page_foreign` when the link leads elsewhere, `upstream_reply_invalid` when the
            page cannot be read.
    """
    try:
        page = _probe.decode(body)
        if page.pages is None or not page.pages.next_page:
            return body
        link = _on_gateway(page.pages.next_page, public_url, known_origins)
        members = _members.decode(body)
        pages = _members.decode(members["pages"])
        pages["next_page"] = msgspec.Raw(msgspec.json.encode(link))
        members["pages"] = msgspec.Raw(msgspec.json.encode(pages))
        return msgspec.json.encode(members)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise CronofyUnavailable(
            Code.UPSTREAM_REPLY_INVALID,
            "Cronofy answered with a page that cannot be read.",
            detail="not a JSON page",
        ) from None


def _on_gateway(link: str, public_url: str, known_origins: AbstractSet[str]) -> str:
    for origin in known_origins:
        if link.startswith(f"{origin}/v1/"):
            return public_url + _without_element_token(link.removeprefix(origin))
    raise CronofyUnavailable(
        Code.UPSTREAM_PAGE_FOREIGN,
        "Cronofy's answer links to a next page on a host that is not Cronofy's; the page was withheld.",
    )


def _without_element_token(link: str) -> str:
    """Take an element token out of a link: Elements add theirs to it, and a body is no place for a credential."""
    path, _, query = link.partition("?")
    if not names_element_token(query):
        return link
    kept = "&".join(one.raw for one in parse_query(query) if PARAMETER not in seen_names(one))
    return f"{path}?{kept}" if kept else path
