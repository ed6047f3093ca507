"""Wire replica of the C# SDK: Cronofy 1.12.8 on HttpWebRequest.

Sources: cronofy/cronofy-csharp src/Cronofy/ConcreteHttpClient.cs, UrlProvider.cs and the tests beside it. Its hosts are
constants, so it reaches a gateway by name only: the Host line is Cronofy's, of the app host for all of OAuth.
"""

import json
from typing import Final
from urllib.parse import quote

from tests.journeys.tools.api_steps import SCOPE, WRONG, Answer
from tests.journeys.tools.replica import JSON, Replica, window
from tests.journeys.world import CALLBACK

# Meant as Accept-Encoding; the bodies are plain.
_CODING: Final = "Content-Encoding: gzip;q=1.0,deflate;q=0.6,identity;q=0.3"
_AGENT: Final = "User-Agent: Cronofy .NET 1.12.8.0"
_TIMES: Final = "%Y-%m-%d %H:%M:%SZ"


class CSharpReplica(Replica):
    """A journey as the C# SDK writes it."""

    def lines(self, *, token: str | None) -> list[str]:
        bearer = [f"Authorization: Bearer {token}"] if token else []
        return [_AGENT, *bearer, JSON, _CODING, "Host: api.cronofy.com"]

    async def authorize(self) -> None:
        """Spaces are `%20`; an unset avoid_linking is left out."""
        asked = f"response_type=code&client_id={self.client_id}&redirect_uri={quote(CALLBACK, safe='')}"
        await self.open(
            f"{self.world.gateway}/oauth/authorize?{asked}&scope={quote(SCOPE)}&state=xyz&provider_name=google_free_busy",
            state="xyz",
        )

    async def _post(self, path: str, fields: dict[str, str]) -> Answer:
        # The .NET Framework announces every body, and sends it after the interim answer or a third of a second.
        lines = [_AGENT, JSON, _CODING, "Host: app.cronofy.com", "Expect: 100-continue"]
        return await self.send("POST", path, *lines, body=json.dumps(fields))

    async def exchange_code(self) -> None:
        answer = await self._post("/oauth/token", self.credentials(**self.code_fields()))
        assert answer.status == 200, answer.body
        profile = answer.json()["linking_profile"]
        assert profile["provider_name"] == profile["provider_service"] == "google_free_busy"
        await self.keep(answer.json())

    async def refresh_token(self) -> None:
        """The SDK throws on an empty refresh token."""
        answer = await self._post("/oauth/token", self.credentials(**self.refresh_fields()))
        assert answer.status == 200, answer.body
        assert answer.json()["refresh_token"]
        await self.keep(answer.json())

    async def wrong_secret(self) -> None:
        answer = await self._post("/oauth/token", {**self.credentials(**self.refresh_fields()), "client_secret": WRONG})
        assert (answer.status, answer.json()["error"]) == (400, "invalid_client")

    async def read_events(self) -> None:
        """Times have a space inside, array parameters come as `calendar_ids%5B%5D`."""
        since, until = (quote(one, safe="") for one in window(_TIMES))
        assert "%20" in since
        calendar = quote(self.known["calendar"], safe="")
        path = f"/v1/free_busy?tzid=Etc%2FUTC&from={since}&to={until}&calendar_ids%5B%5D={calendar}"
        await self.all_pages(path, "free_busy")

    async def revoke_token(self) -> None:
        """By account: `sub` in place of a token."""
        answer = await self._post("/oauth/token/revoke", self.credentials(sub=self.known["sub"]))
        assert (answer.status, answer.body) == (200, b"")
        await self.assert_revoked()
