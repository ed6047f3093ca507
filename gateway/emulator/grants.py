"""Codes, access tokens and refresh tokens.

Cronofy's authorization is of an application and an account: whatever was connected in whichever browser, one
account has one refresh token, and a revocation ends all of it.

Sources: https://docs.cronofy.com/developers/api/authorization/request-token and …/revoke
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from gateway.emulator.accounts import Account, Profile
from gateway.emulator.authorizations import Authorization, Authorizations
from gateway.emulator.ids import new_token
from gateway.emulator.rotation import Rotation

CODE_LIFETIME: Final = 600.0
"""Seconds. RFC 6749 section 4.1.2 recommends ten minutes at most; Cronofy's own figure is not published."""


@dataclass(slots=True, kw_only=True)
class Grant:
    """What a code stands for until it is redeemed."""

    account: Account
    profile: Profile | None
    scope: str
    redirect_uri: str
    delegated_scope: str = ""
    granted_by: str = ""
    expires_at: float = 0.0


@dataclass(slots=True)
class _AccessToken:
    authorization: Authorization
    expires_at: float


class Grants:
    """Everything that has been handed out and still counts."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._codes: dict[str, Grant] = {}
        self._access: dict[str, _AccessToken] = {}
        self._authorizations = Authorizations()

    def new_code(self, grant: Grant) -> str:
        """Hand out a code for a grant."""
        code = new_token()
        grant.expires_at = self._clock() + CODE_LIFETIME
        self._codes[code] = grant
        return code

    def redeem(self, code: str, redirect_uri: str) -> tuple[Authorization, Profile | None] | None:
        """Turn a code into an authorization, once; None if unknown, used, expired or bound elsewhere."""
        grant = self._codes.get(code)
        if grant is None or grant.redirect_uri != redirect_uri or self._clock() >= grant.expires_at:
            return None
        del self._codes[code]
        return self.authorize(grant), grant.profile

    def authorize(self, grant: Grant) -> Authorization:
        """Record what an account granted; an account that is still authorized keeps its refresh token."""
        authorization = self._authorizations.begin(grant.account, grant.scope)
        authorization.scope, authorization.delegated_scope = grant.scope, grant.delegated_scope
        authorization.granted_by = grant.granted_by
        return authorization

    def new_access_token(self, authorization: Authorization, lifetime: float) -> str:
        """Hand out an access token that lives for so many seconds."""
        token = new_token()
        self._access[token] = _AccessToken(authorization, self._clock() + lifetime)
        return token

    def refresh(self, refresh_token: str, rotation: Rotation) -> Authorization | None:
        """Find what a refresh token stands for, and replace it if it is the present one and they rotate.

        A replaced one that is used in its grace replaces nothing: two callers would chase each other.
        """
        now = self._clock()
        authorization = self._authorizations.find(refresh_token, now=now)
        if authorization is None:
            reused = self._authorizations.find_replaced(refresh_token) if rotation.reuse_revokes else None
            if reused is not None:
                self.revoke(reused)
        elif rotation.kind != "off" and authorization.refresh_token == refresh_token:
            self._authorizations.replace_token(authorization, works_until=rotation.end_of_replaced(now))
        return authorization

    def holder(self, access_token: str) -> Authorization | None:
        """Find who a live access token belongs to."""
        found = self._access.get(access_token)
        return found.authorization if found is not None and self._clock() < found.expires_at else None

    def find(self, token: str) -> Authorization | None:
        """Find what a refresh token or a live access token belongs to; an expired one is as good as none."""
        return self._authorizations.find(token, now=self._clock()) or self.holder(token)

    def of_account(self, sub: str) -> Authorization | None:
        """Find the authorization of an account."""
        return self._authorizations.of_account(sub)

    def revoke(self, authorization: Authorization) -> None:
        """End an authorization, its profiles' connections, and what a service account delegated."""
        account = authorization.account
        self._authorizations.end(authorization)
        self._access = {
            token: known for token, known in self._access.items() if known.authorization is not authorization
        }
        self._codes = {
            code: grant
            for code, grant in self._codes.items()
            if grant.account is not account and grant.granted_by != account.account_id
        }
        if account.kind != "application_calendar":
            account.profiles.clear()
        if account.kind == "service_account":
            for other in self._authorizations.delegated_by(account.account_id):
                self.revoke(other)

    def expire_access_tokens(self) -> int:
        """Let every access token expire now, and say how many that were; refresh tokens stay."""
        now = self._clock()
        live = [known for known in self._access.values() if known.expires_at > now]
        for known in live:
            known.expires_at = now
        return len(live)
