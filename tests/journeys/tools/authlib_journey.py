"""Authlib, by its documentation: a session on requests, HTTP Basic (its default) and PKCE.

Source: https://docs.authlib.org/en/stable/oauth2/client/http/index.html
"""

import asyncio
from typing import Any, Final

import pytest
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc6749.errors import MismatchingStateException

from tests.journeys.tools.api_steps import SCOPE, WRONG, Answer, ToolJourney
from tests.journeys.world import CALLBACK

VERIFIER: Final = "a-verifier-of-forty-eight-characters-0123456789-a"


class AuthlibJourney(ToolJourney):
    """A journey with an `OAuth2Session` of Authlib."""

    def begin(self) -> None:
        self.session = self._session(self.secret)

    def _session(self, secret: str) -> Any:
        return OAuth2Session(self.client_id, secret, scope=SCOPE, redirect_uri=CALLBACK, code_challenge_method="S256")

    async def request(self, method: str, url: str, body: Any = None) -> Answer:
        reply = await asyncio.to_thread(self.session.request, method, url, json=body)
        return Answer(reply.status_code, {name.lower(): value for name, value in reply.headers.items()}, reply.content)

    async def authorize(self) -> None:
        authorize_url = f"{self.world.gateway}/oauth/authorize"
        url, state = self.session.create_authorization_url(authorize_url, code_verifier=VERIFIER)
        self.known["back"] = await self.open(url, state=state)
        await self.assert_passed_on("code_challenge", "code_challenge_method")

    async def exchange_code(self) -> None:
        url, back = f"{self.world.gateway}/oauth/token", self.known["back"]
        with pytest.raises(MismatchingStateException):
            self.session.fetch_token(url, authorization_response=back, state="another")
        told = {"authorization_response": back, "state": self.known["state"], "code_verifier": VERIFIER}
        await self.keep(await asyncio.to_thread(self.session.fetch_token, url, **told))

    async def refresh_token(self) -> None:
        await self.keep(await asyncio.to_thread(self.session.refresh_token, f"{self.world.gateway}/oauth/token"))

    async def wrong_secret(self) -> None:
        """A 401, as RFC 6749 section 5.2 wants it for HTTP Basic, with a body that the library reads."""
        with pytest.raises(OAuthError) as caught:
            await asyncio.to_thread(
                self._session(WRONG).refresh_token, f"{self.world.gateway}/oauth/token", self.renewal
            )
        assert caught.value.error == "invalid_client"

    async def revoke_token(self) -> None:
        url = f"{self.world.gateway}/oauth/token/revoke"
        reply = await asyncio.to_thread(self.session.revoke_token, url, self.renewal, "refresh_token")
        assert reply.status_code == 200
        await self.assert_revoked()
