"""The tour: what the gateway does, done for real against the emulator, one step after the other."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp

from gateway.demo.settings import SDK_CLIENT, STRICT_CLIENT, secret_of

CALLBACK: Final = "http://127.0.0.1:8070/callback"  # nobody has to listen there: the code is read from the redirect
MODE_HEADER: Final = "Cronofy-Access-Mode"
_FOUND: Final = 302
_OK: Final = 200
_ACCEPTED: Final = 202
_REFUSED: Final = 422
_MOST_PAGES: Final = 50


@dataclass(frozen=True, slots=True)
class Step:
    """A finished step: what was done, what came of it, and whether that is as it should be."""

    title: str
    outcome: str
    passed: bool


@dataclass(frozen=True, slots=True)
class Tour:
    """Walks through the gateway as an app would."""

    session: aiohttp.ClientSession
    gateway: str
    emulator: str

    async def steps(self) -> AsyncIterator[Step]:
        """Yield each step when it is done; one that breaks is a step that did not pass."""
        tokens: dict[str, str] = {}
        stories: list[Callable[[dict[str, str]], Awaitable[Step]]] = [
            self._refused_scope,
            self._added_scope,
            *(self._connected(mode) for mode in ("read_write", "free_busy", "no_access")),
            self._paged,
            self._refused_conference,
            self._other_conference,
            self._refreshed,
        ]
        for story in stories:
            try:
                yield await story(tokens)
            except (aiohttp.ClientError, KeyError, ValueError, TimeoutError) as error:
                yield Step("a step broke", f"{type(error).__name__}: {error}", passed=False)

    async def _consent(self, mode: str) -> None:
        body = {"mode": mode, "provider": "google", "email": f"{mode}@example.com"}
        async with self.session.put(f"{self.emulator}/_emulator/autoconsent", json=body) as reply:
            reply.raise_for_status()

    async def _authorize(self, client: str, scope: str) -> str:
        asked = {
            "response_type": "code",
            "client_id": client,
            "redirect_uri": CALLBACK,
            "scope": scope,
            "state": "tour",
        }
        return await self._location(f"{self.gateway}/oauth/authorize?{urlencode(asked)}")

    async def _location(self, url: str) -> str:
        async with self.session.get(url, allow_redirects=False) as reply:
            if reply.status not in {_FOUND, 303}:
                raise ValueError(f"expected a redirect, got {reply.status}")
            return reply.headers["Location"]

    async def _token(self, client: str, **fields: str) -> dict[str, Any]:
        body = {"client_id": client, "client_secret": secret_of(client), **fields}
        async with self.session.post(f"{self.gateway}/oauth/token", json=body) as reply:
            answer: dict[str, Any] = await reply.json()
            return answer

    async def _refused_scope(self, _tokens: dict[str, str]) -> Step:
        back = await self._authorize(STRICT_CLIENT, "read_events create_event")
        error = parse_qs(urlsplit(back).query).get("error", ["none"])[0]
        outcome = f"sent back with error={error}"
        return Step(f"{STRICT_CLIENT} asks without free_busy_write", outcome, passed=error == "invalid_scope")

    async def _added_scope(self, _tokens: dict[str, str]) -> Step:
        onward = await self._authorize(SDK_CLIENT, "read_events create_event")
        scope = parse_qs(urlsplit(onward).query).get("scope", [""])[0]
        return Step(
            f"{SDK_CLIENT} asks the same", f"Cronofy is asked for: {scope}", passed="free_busy_write" in scope.split()
        )

    def _connected(self, mode: str) -> Callable[[dict[str, str]], Awaitable[Step]]:
        async def story(tokens: dict[str, str]) -> Step:
            await self._consent(mode)
            back = await self._location(
                await self._authorize(SDK_CLIENT, "read_events create_event delete_event free_busy_write")
            )
            code = parse_qs(urlsplit(back).query)["code"][0]
            answer = await self._token(SDK_CLIENT, grant_type="authorization_code", code=code, redirect_uri=CALLBACK)
            tokens[mode], tokens[f"{mode} refresh"] = answer["access_token"], answer["refresh_token"]
            async with self._call("GET", "/v1/calendars", tokens[mode]) as reply:
                calendars = (await reply.json())["calendars"]
                tokens[f"{mode} calendar"] = calendars[0]["calendar_id"]
                told = reply.headers.get(MODE_HEADER, "nothing")
            return Step(
                f"a person connects with {mode}",
                f"{len(calendars)} calendars, {MODE_HEADER}: {told}",
                passed=told == mode,
            )

        return story

    def _call(self, method: str, path: str, token: str, **more: Any) -> Any:  # noqa: ANN401  aiohttp's context manager
        url = path if path.startswith("http") else self.gateway + path
        return self.session.request(method, url, headers={"Authorization": f"Bearer {token}"}, **more)

    async def _paged(self, tokens: dict[str, str]) -> Step:
        url: str | None = "/v1/events?tzid=Etc/UTC"
        pages = events = 0
        inside = True
        while url and pages < _MOST_PAGES:
            async with self._call("GET", url, tokens["read_write"]) as reply:
                body = await reply.json()
            pages, events = pages + 1, events + len(body["events"])
            url = body["pages"].get("next_page")
            inside = inside and (url is None or url.startswith(self.gateway))
        return Step(
            "events are read to the last page",
            f"{events} events on {pages} pages, every link on the gateway",
            passed=inside and pages > 1,
        )

    async def _upsert(self, token: str, calendar: str, profile_id: str) -> tuple[int, dict[str, Any]]:
        event = {
            "event_id": f"tour-{profile_id}",
            "summary": "Tour",
            "start": "2030-01-01T10:00:00Z",
            "end": "2030-01-01T11:00:00Z",
            "conferencing": {"profile_id": profile_id},
        }
        async with self._call("POST", f"/v1/calendars/{calendar}/events", token, json=event) as reply:
            return reply.status, await reply.json(content_type=None) if reply.status == _REFUSED else {}

    async def _refused_conference(self, tokens: dict[str, str]) -> Step:
        status, body = await self._upsert(tokens["free_busy"], tokens["free_busy calendar"], "integrated")
        return Step(
            "integrated conferencing in free_busy", f"{status} {body.get('code', '')}", passed=status == _REFUSED
        )

    async def _other_conference(self, tokens: dict[str, str]) -> Step:
        status, _ = await self._upsert(tokens["free_busy"], tokens["free_busy calendar"], "default")
        return Step("default conferencing in free_busy", f"{status}, on its way", passed=status == _ACCEPTED)

    async def _refreshed(self, tokens: dict[str, str]) -> Step:
        answer = await self._token(SDK_CLIENT, grant_type="refresh_token", refresh_token=tokens["free_busy refresh"])
        foreign = await self._token(
            STRICT_CLIENT, grant_type="refresh_token", refresh_token=tokens["free_busy refresh"]
        )
        outcome = f"a new token for its client, {foreign.get('error', 'a token too')} for another"
        return Step(
            "a token is refreshed", outcome, passed="access_token" in answer and foreign.get("error") == "invalid_grant"
        )
