"""Judging what Cronofy's token endpoint answered: handed out, passed on, or of no use."""

import re
from dataclasses import dataclass
from typing import Final

import msgspec
import structlog

from gateway.flows.ports import ApiReply
from gateway.observe import events
from gateway.observe.metrics import Metrics
from gateway.rules.client import Application, Client, OnUngranted
from gateway.rules.error_codes import Code
from gateway.rules.errors import CronofyUnavailable, RequestRefused
from gateway.rules.privileges import why_ungranted
from gateway.rules.scopes import grants_free_busy_write
from gateway.rules.token_reply import ReplyInvalid, TokenSet, error_of_reply, read_token_reply
from gateway.rules.withheld import repeats

_BAD_REQUEST: Final = 400
_UNAUTHORIZED: Final = 401
_SERVER_ERROR: Final = 500
_CODE: Final = re.compile(r"[a-z_]{1,40}")  # of RFC 6749 section 5.2, or of the same kind

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class TokenReplies:
    """Judges replies, and counts what became of them."""

    metrics: Metrics

    def read(self, reply: ApiReply, application: Application) -> TokenSet:
        """Return the token set of a success.

        Raises:
            CronofyUnavailable: there is none in it, or a secret of the application's.
        """
        if repeats(reply.body, application.client_secrets):
            raise unusable("repeats the application's secret")
        try:
            return read_token_reply(reply.body)
        except ReplyInvalid as error:
            raise unusable(str(error)) from None

    def check_grant(self, client: Client, tokens: TokenSet, grant: str) -> None:
        """Let a new grant pass, or one that is not as it should be where the client's settings only warn.

        It must hold free_busy_write, and nothing that the client may not ask for.

        Raises:
            RequestRefused: `invalid_scope`.
        """
        why = why_ungranted(client, tokens.scope, account=tokens.account)
        if not why:
            return
        refuse = client.on_ungranted is OnUngranted.REFUSE
        action = "refused" if refuse else "handed out all the same"
        _log.warning(events.TOKEN_UNGRANTED, client=client.id, account=tokens.account, action=action)
        if refuse:
            self.metrics.token_requests.labels(grant, "ungranted").inc()
            raise RequestRefused(Code.INVALID_SCOPE, why)

    def note_older_grant(self, client: Client, account: str, scope: str) -> None:
        """Warn about a refreshed grant that lacks free_busy_write.

        A connection from before the rule is kept alive; only new ones are refused.
        """
        if not grants_free_busy_write(scope, account=account, organization=client.organization_connect):
            _log.warning(events.TOKEN_UNGRANTED, client=client.id, account=account, action="refreshed all the same")

    def hand_out(self, reply: ApiReply, client: Client, account: str, grant: str) -> ApiReply:
        """Note that a token set, or handles for it, goes to its client."""
        self.metrics.token_requests.labels(grant, "granted").inc()
        _log.info(events.TOKEN_BOUND, client=client.id, account=account, grant=grant, custody=str(client.custody))
        return reply

    def pass_on(self, reply: ApiReply, application: Application, grant: str) -> ApiReply:
        """Pass Cronofy's own error on, unless it is about the application's credentials or no error at all.

        One that repeats the application's secret is told by its code alone.

        Raises:
            CronofyUnavailable: `application_credentials_refused`, or there is no error that could be passed on.
        """
        error = error_of_reply(reply.body)
        if error == "invalid_client" or (reply.status == _UNAUTHORIZED and not error):
            raise CronofyUnavailable(
                Code.APPLICATION_CREDENTIALS_REFUSED,
                "Cronofy does not accept this gateway's application credentials. The operator has to mend them.",
            )
        if not _BAD_REQUEST <= reply.status < _SERVER_ERROR:
            raise unusable(f"status {reply.status}")
        self.metrics.token_requests.labels(grant, "refused_by_cronofy").inc()
        if not repeats(reply.body, application.client_secrets):
            return reply
        _log.warning(events.ANSWER_WITHHELD, application=application.name, status=reply.status)
        if not _CODE.fullmatch(error) or repeats(error.encode(), application.client_secrets):
            raise unusable("repeats the application's secret")
        return ApiReply(reply.status, msgspec.json.encode({"error": error}))


def unusable(detail: str) -> CronofyUnavailable:
    """Return the failure that an answer is from which nothing can be learnt."""
    return CronofyUnavailable(
        Code.UPSTREAM_REPLY_INVALID,
        "Cronofy's token endpoint gave an answer that cannot be used; nothing was stored.",
        detail=detail,
    )


def not_known() -> RequestRefused:
    """Return the one refusal of a refresh token that is not the client's: it does not tell whether it is another's."""
    return RequestRefused(Code.INVALID_GRANT, "The refresh token is not known to this gateway as one of this client.")
