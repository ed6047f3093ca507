"""Wire replica of the Ruby SDK: cronofy 0.41.2 on the oauth2 gem, Faraday and Net::HTTP.

Sources: cronofy/cronofy-ruby lib/cronofy/auth.rb, client.rb and their specs. Both hosts are the gateway's one origin
(CRONOFY_API_URL, CRONOFY_APP_URL).
"""

from typing import Final

from tests.journeys.tools.api_steps import SCOPE, WRONG
from tests.journeys.tools.replica import FORM, JSON, Replica, form, window
from tests.journeys.world import CALLBACK

_AGENT: Final = "User-Agent: Cronofy Ruby 0.41.2"
_NET_HTTP: Final = ("Accept-Encoding: gzip;q=1.0,deflate;q=0.6,identity;q=0.3", "Accept: */*")


class RubyReplica(Replica):
    """A journey as the Ruby SDK writes it."""

    def lines(self, *, token: str | None) -> list[str]:
        bearer = [f"Authorization: Bearer {token}"] if token else []
        return [_AGENT, JSON, *bearer, *_NET_HTTP, self.host()]

    async def authorize(self) -> None:
        asked = {"client_id": self.client_id, "redirect_uri": CALLBACK, "response_type": "code", "scope": SCOPE}
        await self.open(f"{self.world.gateway}/oauth/authorize?{form(asked)}", state="")

    async def _post_form(self, path: str, fields: dict[str, str]) -> tuple[int, bytes]:
        answer = await self.send("POST", path, _AGENT, FORM, *_NET_HTTP, self.host(), body=form(fields))
        assert answer.headers["content-type"].startswith("application/json") or not answer.body
        return answer.status, answer.body

    async def _tokens(self, fields: dict[str, str]) -> None:
        answer = await self.send("POST", "/oauth/token", _AGENT, FORM, *_NET_HTTP, self.host(), body=form(fields))
        assert answer.status == 200, answer.body
        await self.keep(answer.json())

    async def exchange_code(self) -> None:
        await self._tokens(self.credentials(**self.code_fields()))

    async def refresh_token(self) -> None:
        await self._tokens(self.credentials(**self.refresh_fields()))

    async def wrong_secret(self) -> None:
        """The SDK's map of errors wants a 400 or 401 with a body."""
        status, body = await self._post_form(
            "/oauth/token", {**self.credentials(**self.refresh_fields()), "client_secret": WRONG}
        )
        assert status == 400
        assert b'"invalid_client"' in body

    async def read_events(self) -> None:
        """A page link is fetched by Faraday alone, with other header lines, and only a 200 counts."""
        since, until = window()
        page = (await self.call("GET", f"/v1/free_busy?from={since}&to={until}&tzid=Etc%2FUTC")).json()
        seen = 1
        while following := page["pages"].get("next_page"):
            assert following.startswith(f"{self.world.gateway}/v1/")
            lines = [f"Authorization: Bearer {self.access}", JSON, "User-Agent: Faraday v2.9.0", *_NET_HTTP]
            answer = await self.send("GET", following.removeprefix(self.world.gateway), *lines, self.host())
            assert answer.status == 200
            page, seen = answer.json(), seen + 1
        assert seen == page["pages"]["total"] > 1

    async def empty_posts(self) -> None:
        """`POST /v1/link_tokens` comes without a body and with its length of 0."""
        answer = await self.send("POST", "/v1/link_tokens", *self.lines(token=self.access), body="")
        assert answer.json()["link_token"]

    async def revoke_token(self) -> None:
        status, body = await self._post_form("/oauth/token/revoke", self.credentials(token=self.renewal))
        assert (status, body) == (200, b"")
        await self.assert_revoked()
