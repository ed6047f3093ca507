"""Bodies that a rule reads before Cronofy does: conferencing, the scope of delegated accounts, credentials in the body.

What was parsed is what is sent: the same bytes where nothing had to change (the strict reader leaves no second way to
understand them), the changed object encoded anew otherwise.
"""

import asyncio
from dataclasses import dataclass
from typing import Any, Final, Protocol

import msgspec

from gateway.flows.bindings import Bindings
from gateway.flows.callers import Caller, Callers
from gateway.flows.modes import ModeBook
from gateway.flows.ports import Clock
from gateway.rules.access_mode import AccountModes
from gateway.rules.client import Application
from gateway.rules.conferencing import asks_for_integrated, forbidding_mode, integrated_refused
from gateway.rules.content_coding import decode_body
from gateway.rules.delegated_scopes import judge_delegated
from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused
from gateway.rules.headers import Pairs
from gateway.rules.json_text import parse_json
from gateway.rules.operations import Credential, Match

# A mode this old is looked up again before somebody is refused because of it.
FRESH_FOR_REFUSAL: Final = 60.0
LOOK_UP_WAIT: Final = 2.0


class _Read(Protocol):
    async def read(self, limit: int) -> bytes: ...


class _Request(Protocol):
    @property
    def headers(self) -> Pairs: ...
    @property
    def body(self) -> _Read: ...


@dataclass(frozen=True, slots=True)
class RuledBodies:
    """Reads and judges bodies; `max_bytes` bounds them, before and after decoding."""

    callers: Callers
    modes: ModeBook
    bindings: Bindings
    clock: Clock
    max_bytes: int

    async def judge(self, request: _Request, match: Match, caller: Caller | None) -> tuple[Caller | None, bytes]:
        """Return the caller, known by the body where it was not before, and the body to send.

        Raises:
            RequestRefused: the body cannot be read, or a rule forbids it.
            StoreUnavailable: a callback URL could not be remembered.
        """
        _require_json(_header(request.headers, "content-type"))
        raw = await request.body.read(self.max_bytes)
        raw = decode_body(raw, _header(request.headers, "content-encoding"), limit=self.max_bytes)
        if not raw.strip():
            return caller, raw
        body = parse_json(raw)
        operation = match.operation
        if (
            Credential.BODY in operation.credentials
            and isinstance(body, dict)
            and (caller is None or "client_secret" in body)
        ):
            caller = self.callers.by_body(body.get("client_id"), body.get("client_secret"))
            application = caller.application
            body |= {"client_id": application.client_id, "client_secret": application.client_secret}
            return caller, msgspec.json.encode(body)
        if operation.name == "upsert_event" and caller is not None:
            await self._refuse_integrated(body, match, caller)
        if "callback_url" in operation.ruled_fields and caller is not None:
            return caller, await self._judge_delegated(body, raw, caller)
        return caller, raw

    async def _refuse_integrated(self, event: Any, match: Match, caller: Caller) -> None:  # noqa: ANN401  JSON
        if not asks_for_integrated(event) or not caller.is_person or caller.bearer is None:
            return
        calendar_id = match.values["calendar_id"]
        known = await self.modes.known_for(caller.application, caller.account, caller.bearer)
        fresh = known is not None and known.learnt_at + FRESH_FOR_REFUSAL > self.clock.now()
        certain = known is not None and known.of_calendar(calendar_id) is not None
        if not (fresh and certain):
            known = await self._look_up(caller.application, caller.bearer) or known
        if known is not None and (mode := forbidding_mode(known, calendar_id)):
            raise integrated_refused(mode)

    async def _look_up(self, application: Application, bearer: str) -> AccountModes | None:
        try:
            return await asyncio.wait_for(self.modes.look_up(application, bearer), LOOK_UP_WAIT)
        except TimeoutError:
            return None  # it goes on by itself; what was known before counts, else Cronofy decides

    async def _judge_delegated(self, body: Any, raw: bytes, caller: Caller) -> bytes:  # noqa: ANN401  JSON
        judged = judge_delegated(body, caller.client)
        for client in caller.clients:
            for url in judged.callback_urls:
                await self.bindings.remember_callback(client, url)
        return msgspec.json.encode(judged.body) if judged.changed else raw


def _header(pairs: Pairs, name: str) -> str:
    return ", ".join(value for key, value in pairs if key.lower() == name)


def _require_json(content_type: str) -> None:
    """Rack reads other types as forms, whose fields no JSON rule would see."""
    media_type, _, parameters = content_type.lower().partition(";")
    charset = parameters.replace(" ", "").replace('"', "").removeprefix("charset=")
    if media_type.strip() != "application/json" or charset not in {"", "utf-8", "utf8"}:
        raise RequestRefused(Code.UNSUPPORTED_MEDIA_TYPE, "Send this body as application/json in UTF-8.")
