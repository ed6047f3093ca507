"""Wire replica of the PHP SDK: cronofy 1.7.4 on curl, which follows no redirect.

Source: cronofy/cronofy-php src/Cronofy.php and src/Http/CurlRequest.php. `apiRootUrl` and `appRootUrl` were pointed at
the gateway, `hostDomain` was not: its Host line still names Cronofy.
"""

import json
from typing import Final
from urllib.parse import quote, quote_plus, unquote_plus

from tests.journeys.tools.api_steps import SCOPE, WRONG, Answer, availability_query, day
from tests.journeys.tools.replica import JSON, Replica, window
from tests.journeys.world import CALLBACK, MODE

_HOST: Final = "Host: api.cronofy.com"
_CURL: Final = ("User-Agent: Cronofy PHP 1.0.0", "Accept: */*", "Accept-Encoding: deflate, gzip")
_STATE: Final = "shop:42/cart?item=7"


class PhpReplica(Replica):
    """A journey as the PHP SDK writes it."""

    def lines(self, *, token: str | None) -> list[str]:
        bearer = [f"Authorization: Bearer {token}"] if token else []
        return [*_CURL, *bearer, _HOST, JSON]

    async def authorize(self) -> None:
        """`state` is not encoded, `avoid_linking` is 1."""
        url = (
            f"{self.world.gateway}/oauth/authorize?response_type=code&client_id={self.client_id}"
            f"&redirect_uri={quote_plus(CALLBACK)}&scope={quote(SCOPE)}&state={_STATE}&avoid_linking=1"
        )
        back = await self.open(url, state=_STATE)
        assert unquote_plus(back.partition("&state=")[2].partition("&")[0]) == _STATE

    async def _post(self, path: str, fields: dict[str, str]) -> Answer:
        # The SDK sends the token that it holds, however old, with every token call.
        return await self.send("POST", path, *self.lines(token=self.access), body=json.dumps(fields))

    async def exchange_code(self) -> None:
        answer = await self._post("/oauth/token", self.credentials(**self.code_fields()))
        assert answer.status == 200, answer.body
        await self.keep(answer.json())

    async def refresh_token(self) -> None:
        answer = await self._post("/oauth/token", self.credentials(**self.refresh_fields()))
        assert answer.status == 200, answer.body
        await self.keep(answer.json())

    async def wrong_secret(self) -> None:
        """A valid Bearer beside it makes a wrong secret no better."""
        fields = {**self.credentials(**self.refresh_fields()), "client_secret": WRONG}
        answer = await self._post("/oauth/token", fields)
        assert (answer.status, answer.json()["error"]) == (400, "invalid_client")

    async def read_events(self) -> None:
        """Array parameters come as `calendar_ids[]`, in raw brackets."""
        since, until = (quote_plus(one) for one in window())
        calendar = quote_plus(self.known["calendar"])
        path = f"/v1/free_busy?tzid=Etc%2FUTC&from={since}&to={until}&include_managed=true&calendar_ids[]={calendar}"
        await self.all_pages(path, "free_busy")

    async def availability(self) -> None:
        """The SDK asks with the client's secret as its key: nobody who chose a mode is behind the call."""
        body = json.dumps(availability_query(self.known["sub"]))
        answer = await self.send("POST", "/v1/availability", *self.lines(token=self.secret), body=body)
        assert (answer.status, answer.headers[MODE.lower()]) == (200, "not_applicable"), answer.body
        assert answer.json()["available_periods"]

    async def create_real_time_scheduling(self) -> None:
        """The client's credentials are in the body, a person's token beside them."""
        answer = await self.request("POST", f"{self.world.gateway}/v1/real_time_scheduling", self.link_body())
        assert answer.status == 200, answer.body
        assert answer.json()["real_time_scheduling"]["url"]

    async def empty_arrays(self) -> None:
        """No parameters are the JSON array `[]`."""
        answer = await self.call("POST", "/v1/link_tokens", [])
        assert answer.json()["link_token"]

    async def trailing_slash(self) -> None:
        """One available period is deleted at `/v1/available_periods/`."""
        period = {"available_period_id": "p1", "start": day(1), "end": day(1.5)}
        await self.call("POST", "/v1/available_periods", period, status=202)
        await self.call("DELETE", "/v1/available_periods/", {"available_period_id": "p1"}, status=202)
        left = await self.call("GET", "/v1/available_periods?tzid=Etc%2FUTC")
        assert left.json()["available_periods"] == []

    async def revoke_token(self) -> None:
        answer = await self._post("/oauth/token/revoke", self.credentials(token=self.renewal))
        assert (answer.status, answer.body) == (200, b"")
        await self.assert_revoked()
