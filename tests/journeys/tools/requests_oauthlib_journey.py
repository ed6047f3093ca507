"""requests-oauthlib, by its documentation: HTTP Basic at the exchange, fields in the form at a refresh.

It has no call that revokes a token; its session posts the form.

Source: https://requests-oauthlib.readthedocs.io/en/latest/oauth2_workflow.html
"""

import asyncio
from typing import Any

import pytest
from oauthlib.oauth2 import InvalidClientError, MismatchingStateError
from requests_oauthlib import OAuth2Session

from tests.journeys.tools.api_steps import SCOPE, WRONG, Answer, ToolJourney
from tests.journeys.world import CALLBACK


class RequestsOauthlibJourney(ToolJourney):
    """A journey with an `OAuth2Session` of requests-oauthlib."""

    def begin(self) -> None:
        self.session: Any = OAuth2Session(self.client_id, redirect_uri=CALLBACK, scope=SCOPE.split())

    async def request(self, method: str, url: str, body: Any = None) -> Answer:
        reply = await asyncio.to_thread(self.session.request, method, url, json=body)
        return Answer(reply.status_code, {name.lower(): value for name, value in reply.headers.items()}, reply.content)

    async def authorize(self) -> None:
        url, state = self.session.authorization_url(f"{self.world.gateway}/oauth/authorize")
        self.known["back"] = await self.open(url, state=state)

    async def exchange_code(self) -> None:
        url, back = f"{self.world.gateway}/oauth/token", self.known["back"]
        other = OAuth2Session(self.client_id, redirect_uri=CALLBACK, state="another")
        with pytest.raises(MismatchingStateError):
            other.fetch_token(url, authorization_response=back, client_secret=self.secret)
        told = {"authorization_response": back, "client_secret": self.secret}
        tokens = await asyncio.to_thread(self.session.fetch_token, url, **told)
        assert tokens.scope_changed  # the gateway added free_busy_write, and the library noticed
        await self.keep(tokens)

    async def refresh_token(self) -> None:
        await self.keep(await self._refresh(self.secret))

    async def _refresh(self, secret: str) -> Any:
        url, more = f"{self.world.gateway}/oauth/token", {"client_id": self.client_id, "client_secret": secret}
        return await asyncio.to_thread(self.session.refresh_token, url, **more)

    async def wrong_secret(self) -> None:
        with pytest.raises(InvalidClientError):
            await self._refresh(WRONG)

    async def revoke_token(self) -> None:
        form = {"token": self.renewal, "client_id": self.client_id, "client_secret": self.secret}
        url = f"{self.world.gateway}/oauth/token/revoke"
        reply = await asyncio.to_thread(self.session.post, url, data=form, withhold_token=True)
        assert reply.status_code == 200
        await self.assert_revoked()
