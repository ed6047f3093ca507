"""Delegated accounts whose tokens stay here: Cronofy posts their codes to the gateway, which passes them on to the app.

In custody `gateway` each entry's `callback_url` is replaced by one of the gateway's own that nobody can guess. What
Cronofy posts there is checked against the application's secrets, and goes on to the app's own URL: the same bytes,
signed anew with the client's secrets, since the application's is not the app's to know. It goes on once, while Cronofy
waits; an app that does not take it makes Cronofy send it again, for a day. The code in it is good for the client whose
callback it was, at the redirect URI that the client knows; upstream it is exchanged at the gateway's.

Source: https://docs.cronofy.com/developers/api/enterprise-connect/delegated-access (the callback URL takes the place of
the redirect URI), /push-notifications/ (5 s, retries for 24 h).
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

import structlog

from gateway.flows.callback_book import Callback, CallbackBook
from gateway.flows.callers import Caller
from gateway.flows.delegations import Delegations
from gateway.flows.registry import Registry
from gateway.observe import events
from gateway.observe.metrics import Metrics
from gateway.rules.callback_signatures import SIGNATURE_HEADER, is_signed, sign
from gateway.rules.callback_urls import complaint_about_passed_on, complaint_about_posted_to, own_callback_url
from gateway.rules.client import Client, Custody
from gateway.rules.delegated_callbacks import code_in, judge_callback_urls, scopes_in, with_callback_urls
from gateway.rules.error_codes import Code
from gateway.rules.errors import GatewayError, RequestRefused
from gateway.rules.redirect_uris import is_registered

MAX_CALLBACK_BYTES: Final = 64 * 1024  # a real one has under 1 KiB
_SUCCESS: Final = range(200, 300)
_JSON: Final = "application/json; charset=utf-8"

_log = structlog.get_logger()


class Undelivered(Exception):
    """A post did not get an answer.

    Args:
        reason: `timeout`, `unreachable` or `address_refused`; never a URL.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class AppPosts(Protocol):
    """Posts to URLs that apps chose."""

    async def post(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        """POST a body and return the answer's status; nothing else of the answer is read, and no redirect followed.

        Raises:
            Undelivered: no answer came in time, or the URL leads where the gateway must not go.
        """
        ...


@dataclass(frozen=True, slots=True)
class CallbackRules:
    """What the gateway's own callback URLs are made of, and where it may post to.

    Attributes:
        public_url: the gateway's own origin.
        loopback: plain http to this machine is all right, since the gateway itself is on loopback.
        private: addresses that are not on the open internet are all right.
    """

    public_url: str
    loopback: bool = False
    private: bool = False


@dataclass(frozen=True, slots=True)
class Delegate:
    """Whose a delegated account's code is.

    Attributes:
        redirect_uri: what Cronofy is told when the code is exchanged; empty where it is the app's own.
        parent: `sub` of the account that let it in; empty where that is not known.
    """

    redirect_uri: str
    parent: str


@dataclass(frozen=True, slots=True)
class DelegatedCallbacks:
    """The stories of a delegated account, from the request to the exchange."""

    book: CallbackBook
    delegations: Delegations
    registry: Registry
    posts: AppPosts
    metrics: Metrics
    rules: CallbackRules

    async def prepare(self, body: dict[str, Any], caller: Caller) -> dict[str, Any]:
        """Return the body to send: with the gateway's callback URLs, or the very same one where Cronofy gets the app's.

        Args:
            body: as `judge_delegated` returned it.
            caller: who asks.

        Raises:
            RequestRefused: `invalid_field`, naming each entry whose callback URL cannot be used; nothing was stored.
            StoreUnavailable: a callback URL could not be remembered.
        """
        client = caller.client
        if client is None or client.custody is not Custody.GATEWAY:
            urls = judge_callback_urls(body, complaint_about_passed_on)
            for one in caller.clients:
                for url in dict.fromkeys(urls):
                    await self.book.remember_passed_on(one, url, parent=caller.account)
            return body
        loopback = self.rules.loopback or client.any_loopback_redirect
        private = self.rules.private
        urls = judge_callback_urls(body, lambda url: complaint_about_posted_to(url, loopback=loopback, private=private))
        made = [
            await self.book.make(client, url, parent=caller.account, scope=scope)
            for url, scope in zip(urls, scopes_in(body), strict=True)
        ]
        return with_callback_urls(body, [own_callback_url(self.rules.public_url, secret) for secret in made])

    async def take(
        self, secret: str, read: Callable[[int], Awaitable[bytes]], signature: str, content_type: str
    ) -> Client:
        """Take a callback in and pass it on to the app; return the client whose it was.

        Args:
            secret: the last segment of the URL that was posted to.
            read: reads the body, up to so many bytes.
            signature: the signature header; empty when there is none.
            content_type: the Content-Type header; empty when there is none.

        Raises:
            RequestRefused: `callback_unknown`, `callback_signature_refused` or no JSON; nothing was passed on.
            GatewayError: `callback_undelivered` or `callback_timeout`; Cronofy is to send it again.
            StoreUnavailable: it cannot be known whose it is, or its code could not be remembered.
        """
        callback = await self.book.find(secret)
        application = self.registry.application(callback.application) if callback else None
        clients = self.registry.clients_of(application) if application else ()
        client = next((one for one in clients if callback and one.id == callback.client), None)
        if callback is None or application is None or client is None:
            raise self._rejected("unknown", Code.CALLBACK_UNKNOWN, "Nobody waits for this callback.")
        raw = await read(MAX_CALLBACK_BYTES)
        if not is_signed(raw, signature, application.client_secrets):
            sentence = f"The {SIGNATURE_HEADER} header does not hold the body's signature."
            raise self._rejected("bad_signature", Code.CALLBACK_SIGNATURE_REFUSED, sentence, client)
        try:
            code = code_in(raw)
        except RequestRefused as refused:
            raise self._rejected("unreadable", refused.code, refused.public, client) from None
        _log.info(events.CALLBACK_RECEIVED, client=client.id, account=callback.parent, granted=bool(code))
        if code:
            # Before the app knows it: it may exchange the code before it answers.
            await self.book.remember_code(code, secret, callback)
        await self._pass_on(client, callback, raw, content_type or _JSON)
        return client

    async def _pass_on(self, client: Client, callback: Callback, raw: bytes, content_type: str) -> None:
        headers = {"Content-Type": content_type, SIGNATURE_HEADER: sign(raw, client.secrets)}
        try:
            status = await self.posts.post(callback.url, raw, headers)
        except Undelivered as undelivered:
            code = Code.CALLBACK_TIMEOUT if undelivered.reason == "timeout" else Code.CALLBACK_UNDELIVERED
            raise self._undelivered(client, code, undelivered.reason) from None
        if status not in _SUCCESS:
            raise self._undelivered(client, Code.CALLBACK_UNDELIVERED, "refused_by_app", status=status)
        self.metrics.callbacks.labels("forwarded").inc()
        _log.info(events.CALLBACK_FORWARDED, client=client.id, status=status)

    def _rejected(self, reason: str, code: Code, public: str, client: Client | None = None) -> RequestRefused:
        self.metrics.callbacks.labels(reason).inc()
        _log.warning(events.CALLBACK_REJECTED, client=client.id if client else "", reason=reason)
        return RequestRefused(code, public)

    def _undelivered(self, client: Client, code: Code, reason: str, status: int = 0) -> GatewayError:
        self.metrics.callbacks.labels(reason).inc()
        _log.warning(events.CALLBACK_UNDELIVERED, client=client.id, reason=reason, status=status)
        return GatewayError(code, "The app did not take this callback; send it again later.")

    async def recognise(self, client: Client, code: str, redirect_uri: str) -> Delegate | None:
        """Return whose delegated account a code is; None where it is none that this client asked for.

        Args:
            client: who exchanges it.
            code: the code.
            redirect_uri: as the client sent it.

        Raises:
            RequestRefused: `invalid_grant`: the code came for another client, or to another callback URL.
            StoreUnavailable: it cannot be known now.
        """
        if found := await self.book.find_code(code):
            callback, secret = found
            if callback.client != client.id or callback.url != redirect_uri:
                raise RequestRefused(Code.INVALID_GRANT, "The code was not issued for this client and redirect_uri.")
            return Delegate(own_callback_url(self.rules.public_url, secret), callback.parent)
        passed_on = await self.book.find_passed_on(client, redirect_uri)
        if passed_on is None or self._is_anothers(client, redirect_uri):
            return None
        # A URL that is a redirect URI as well may have brought the code of a person who came by themselves.
        is_both = is_registered(redirect_uri, client.redirect_uris)
        return Delegate("", "" if is_both else passed_on.parent)

    def _is_anothers(self, client: Client, url: str) -> bool:
        """Say whether codes of another client's people come to a URL, which a client may have named as its callback.

        Cronofy gave the code to the application that both use, and would take it from either.
        """
        if is_registered(url, client.redirect_uris):
            return False
        others = (one for one in self.registry.clients_of(self.registry.application_of(client)) if one.id != client.id)
        return url.startswith(f"{self.rules.public_url}/") or any(
            is_registered(url, one.redirect_uris) for one in others
        )
