"""A browser for handlers' tests: it keeps cookies as browsers do, and writes its headers byte for byte."""

from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient

from tests.flows.fakes import Kit, token_reply

PAGE = {"X-CSRF": "1", "Origin": "https://a.test"}
SESSION = "__Host-gateway-a"


@dataclass
class Browser:
    """Keeps the gateway's cookies.

    A `__Host-` cookie is taken, and given up, only with Secure, Path=/ and without Domain (rfc6265bis section 4.1.3.2):
    a deletion that lacks one of them leaves the cookie where it is.
    """

    http: TestClient[Any, Any]
    cookies: dict[str, str] = field(default_factory=dict)

    async def call(self, method: str, path: str, headers: dict[str, str] | None = None, **more: Any) -> ClientResponse:
        """Send a request with the cookies, read the whole answer and take its cookies."""
        sent = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()), **(headers or {})}
        sent = {name: value for name, value in sent.items() if value}
        async with self.http.request(method, path, headers=sent, allow_redirects=False, **more) as answer:
            await answer.read()
        for line in answer.headers.getall("Set-Cookie", []):
            self._take(line)
        return answer

    def _take(self, line: str) -> None:
        ((name, morsel),) = SimpleCookie(line).items()
        proper = morsel["secure"] and morsel["path"] == "/" and not morsel["domain"] and morsel["httponly"]
        if name.startswith("__Host-") and not proper:
            return
        if morsel["max-age"] == "0":
            self.cookies.pop(name, None)
        else:
            self.cookies[name] = morsel.value

    async def begin(self, **query: str) -> str:
        """Navigate to the login and return the state that Cronofy is sent."""
        answer = await self.call("GET", "/auth/login", params={"client": "a", **query})
        assert answer.status == 302, await answer.text()
        return parse_qs(urlsplit(answer.headers["Location"]).query)["state"][0]

    async def come_back(self, state: str, **query: str) -> ClientResponse:
        """Come back from Cronofy."""
        return await self.call("GET", "/auth/callback", params={"state": state, "code": "code-1", **query})

    async def sign_in(self, one: Kit, **changes: Any) -> str:
        """Sign in and return the session's handle."""
        one.cronofy.tokens.append(token_reply(**changes))
        answer = await self.come_back(await self.begin())
        assert answer.status == 303, await answer.text()
        return self.cookies[SESSION]

    async def session(self, query: str = "", **headers: str) -> dict[str, Any]:
        """Ask who is signed in."""
        answer = await self.call("GET", f"/auth/session{query}", {**PAGE, **headers})
        assert answer.status == 200, await answer.text()
        found: dict[str, Any] = await answer.json()
        return found
