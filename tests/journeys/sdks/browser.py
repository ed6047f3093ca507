"""What a person's browser does for an app: it opens a URL and comes back to the callback."""

from urllib.parse import parse_qs, urlsplit

from tests.journeys.world import CALLBACK, World

_MOST_REDIRECTS = 4


async def visit(world: World, url: str) -> str:
    """Follow redirects from a URL until they lead to the app; return where exactly."""
    for _ in range(_MOST_REDIRECTS):
        url = await world.location(url)
        if url.startswith(CALLBACK):
            return url
    raise AssertionError(f"still not back after {_MOST_REDIRECTS} redirects: {url}")


def code_in(url: str) -> str:
    """Return the code that came with the redirect to the app."""
    return parse_qs(urlsplit(url).query)["code"][0]
