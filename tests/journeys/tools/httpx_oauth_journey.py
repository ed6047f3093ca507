"""httpx-oauth, by its documentation: fields in the form (its default), PKCE; the API is called with httpx itself.

It leaves the state to the framework around it.

Source: https://frankie567.github.io/httpx-oauth/oauth2/
"""

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from httpx_oauth.oauth2 import BaseOAuth2, RefreshTokenError

from tests.journeys.tools.api_steps import SCOPE, WRONG, Answer, ToolJourney
from tests.journeys.tools.authlib_journey import VERIFIER
from tests.journeys.world import CALLBACK


class HttpxOauthJourney(ToolJourney):
    """A journey with a `BaseOAuth2` client."""

    def begin(self) -> None:
        self.client = self._client(self.secret)

    def _client(self, secret: str) -> BaseOAuth2[Any]:
        at = self.world.gateway
        return BaseOAuth2(
            self.client_id,
            secret,
            authorize_endpoint=f"{at}/oauth/authorize",
            access_token_endpoint=f"{at}/oauth/token",
            refresh_token_endpoint=f"{at}/oauth/token",
            revoke_token_endpoint=f"{at}/oauth/token/revoke",
            revocation_endpoint_auth_method="client_secret_post",
        )

    async def request(self, method: str, url: str, body: Any = None) -> Answer:
        headers = {"Authorization": f"Bearer {self.access}"}
        async with httpx.AsyncClient() as client:
            reply = await client.request(method, url, headers=headers, json=body)
        return Answer(reply.status_code, dict(reply.headers), reply.content)

    async def authorize(self) -> None:
        challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
        url = await self.client.get_authorization_url(
            CALLBACK, state="a state", scope=SCOPE.split(), code_challenge=challenge, code_challenge_method="S256"
        )
        back = await self.open(url, state="a state")
        assert parse_qs(urlsplit(back).query)["state"] == ["a state"]
        await self.assert_passed_on("code_challenge", "code_challenge_method")

    async def exchange_code(self) -> None:
        await self.keep(await self.client.get_access_token(self.known["code"], CALLBACK, VERIFIER))

    async def refresh_token(self) -> None:
        await self.keep(await self.client.refresh_token(self.renewal))

    async def wrong_secret(self) -> None:
        with pytest.raises(RefreshTokenError) as caught:
            await self._client(WRONG).refresh_token(self.renewal)
        assert caught.value.response is not None
        assert (caught.value.response.status_code, caught.value.response.json()["error"]) == (400, "invalid_client")

    async def revoke_token(self) -> None:
        await self.client.revoke_token(self.renewal, "refresh_token")
        await self.assert_revoked()
