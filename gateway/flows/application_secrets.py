"""Which of an application's secrets works, and trying the other one once.

An application has two while one is exchanged for the other, and nobody tells the gateway when Cronofy stops taking the
first. `invalid_client` says that credentials were refused before anything was done, so a code or a refresh token was
not used and may be sent once more. Any other trouble is never answered by another try.

Source: RFC 6749 section 5.2; https://docs.cronofy.com/developers/push-notifications/ (several active client secrets).
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

import structlog

from gateway.flows.ports import ApiReply, CronofyApi
from gateway.observe import events
from gateway.observe.metrics import Metrics
from gateway.rules.client import Application
from gateway.rules.error_codes import Code
from gateway.rules.errors import CronofyUnavailable
from gateway.rules.token_reply import error_of_reply

_OK: Final = 200
_BAD_REQUEST: Final = 400
_UNAUTHORIZED: Final = 401

_log = structlog.get_logger()

Ask = Callable[[Application, dict[str, Any]], Awaitable[ApiReply]]


class ApplicationSecrets:
    """Remembers which secret works, in this process; the first until Cronofy refuses it.

    Only a secret that Cronofy has just taken is kept, so callers whose answers overtake each other agree.

    Args:
        metrics: counts; its own when None.
    """

    def __init__(self, metrics: Metrics | None = None) -> None:
        self._metrics = metrics or Metrics()
        self._works: dict[str, str] = {}

    def current(self, application: Application) -> str:
        """Return the secret to use."""
        known = self._works.get(application.name)
        # The settings may have been read again: what is not among an application's secrets any more counts for nothing.
        return known if known in application.client_secrets else application.client_secret

    def other(self, application: Application, refused: str) -> str | None:
        """Return the secret to try after one was refused; None when there is no other."""
        return next((one for one in application.client_secrets if one != refused), None)

    def keep(self, application: Application, secret: str) -> None:
        """Use a secret from now on."""
        if self.current(application) == secret:
            return
        self._works[application.name] = secret
        self._metrics.application_secrets.labels(application.name, "changed").inc()
        _log.warning(events.SECRET_CHANGED, application=application.name)

    def turn_from(self, application: Application, refused: str) -> None:
        """Let the next call use the other secret, where nobody has changed it meanwhile."""
        other = self.other(application, refused)
        if other is not None and self.current(application) == refused:
            self.keep(application, other)

    def note_refused(self, application: Application) -> None:
        """Write down that Cronofy takes none of them."""
        self._metrics.application_secrets.labels(application.name, "refused").inc()
        _log.error(events.SECRET_REFUSED, application=application.name)


@dataclass(frozen=True, slots=True)
class WithWorkingSecret:
    """Cronofy, asked with the secret that works; see `CronofyApi`."""

    cronofy: CronofyApi
    secrets: ApplicationSecrets

    async def token(self, application: Application, fields: dict[str, Any]) -> ApiReply:
        """POST /oauth/token, once more with the other secret where the first was refused."""
        return await self._ask(self.cronofy.token, application, fields)

    async def revoke(self, application: Application, fields: dict[str, Any]) -> ApiReply:
        """POST /oauth/token/revoke, once more with the other secret where the first was refused."""
        return await self._ask(self.cronofy.revoke, application, fields)

    async def revoke_profile(self, application: Application, bearer: str, profile_id: str) -> ApiReply:
        """POST /v1/profiles/{profile_id}/revoke."""
        return await self.cronofy.revoke_profile(application, bearer, profile_id)

    async def authorize_conferencing(self, application: Application, bearer: str, fields: dict[str, str]) -> ApiReply:
        """POST /v1/conferencing_service_authorizations."""
        return await self.cronofy.authorize_conferencing(application, bearer, fields)

    async def userinfo(self, application: Application, bearer: str) -> ApiReply:
        """GET /v1/userinfo."""
        return await self.cronofy.userinfo(application, bearer)

    async def _ask(self, ask: Ask, application: Application, fields: dict[str, Any]) -> ApiReply:
        secret = self.secrets.current(application)
        reply = await ask(application, fields | {"client_secret": secret})
        if not _refuses_client(reply):
            return reply
        other = self.secrets.other(application, secret)
        if other is not None:
            reply = await ask(application, fields | {"client_secret": other})
        if _refuses_client(reply):
            self.secrets.note_refused(application)
        elif other is not None and _accepts_client(reply):
            self.secrets.keep(application, other)
        return reply


def credentials_refused() -> CronofyUnavailable:
    """Return the failure of a call whose every secret Cronofy refused: it is not the caller's own that is wrong."""
    return CronofyUnavailable(
        Code.APPLICATION_CREDENTIALS_REFUSED,
        "Cronofy does not accept this gateway's application credentials. The operator has to mend them.",
    )


def _refuses_client(reply: ApiReply) -> bool:
    if reply.status not in {_BAD_REQUEST, _UNAUTHORIZED}:
        return False
    error = error_of_reply(reply.body)
    return error == "invalid_client" or (reply.status == _UNAUTHORIZED and not error)


def _accepts_client(reply: ApiReply) -> bool:
    """Say whether an answer shows that the credentials were right; one of a failing server does not."""
    return reply.status == _OK or error_of_reply(reply.body) == "invalid_grant"
