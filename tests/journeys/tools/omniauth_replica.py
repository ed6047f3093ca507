"""Wire replica of omniauth-cronofy 0.14.0: the oauth2 gem signs in with HTTP Basic, its default from 2.0 on.

Source: cronofy/omniauth-cronofy lib/omniauth/strategies/cronofy_base.rb; the default is the oauth2 gem's own.
"""

import base64
from typing import Final
from urllib.parse import parse_qs, urlsplit

from tests.journeys.tools.api_steps import SCOPE, WRONG, Answer
from tests.journeys.tools.replica import FORM, Replica, form
from tests.journeys.world import CALLBACK

_LINES: Final = (
    "User-Agent: Faraday v2.9.0",
    "Accept-Encoding: gzip;q=1.0,deflate;q=0.6,identity;q=0.3",
    "Accept: */*",
)


class OmniauthReplica(Replica):
    """A sign-in as OmniAuth makes it: link, exchange, one call; it neither refreshes nor revokes."""

    def lines(self, *, token: str | None) -> list[str]:
        return [*_LINES, f"Authorization: Bearer {token}", self.host()]

    async def authorize(self) -> None:
        """OmniAuth sends its own random state and compares what comes back."""
        asked = {"client_id": self.client_id, "redirect_uri": CALLBACK, "response_type": "code", "scope": SCOPE}
        asked["state"] = "f00dfacef00dfacef00dfacef00dfacef00dfacef00dface"
        back = await self.open(f"{self.world.gateway}/oauth/authorize?{form(asked)}", state=asked["state"])
        assert parse_qs(urlsplit(back).query)["state"] == [asked["state"]]

    async def _exchange(self, secret: str) -> Answer:
        basic = base64.b64encode(f"{self.client_id}:{secret}".encode()).decode()
        lines = [*_LINES, f"Authorization: Basic {basic}", FORM, self.host()]
        return await self.send("POST", "/oauth/token", *lines, body=form(self.code_fields()))

    async def wrong_secret(self) -> None:
        """A 401 with a challenge, which leaves the code unused."""
        answer = await self._exchange(WRONG)
        assert (answer.status, answer.json()["error"]) == (401, "invalid_client")
        assert answer.headers["www-authenticate"].startswith("Basic")

    async def exchange_code(self) -> None:
        answer = await self._exchange(self.secret)
        assert answer.status == 200, answer.body
        assert answer.json()["linking_profile"]["profile_id"]
        await self.keep(answer.json())

    async def calendars(self) -> None:
        """The one call that it makes: who signed in."""
        assert (await self.call("GET", "/v1/userinfo")).json()["sub"].startswith("acc_")
