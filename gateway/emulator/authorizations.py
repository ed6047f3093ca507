"""Who has authorized the application, by account and by refresh token.

One account has one authorization, and this one present refresh token. Every look-up is one in a dict: a hundred
thousand accounts are found as fast as one.
"""

from dataclasses import dataclass
from typing import Final

from gateway.emulator.accounts import Account
from gateway.emulator.ids import new_token

_KEPT: Final = 100_000  # replaced tokens: one for each of the most people that one order of the control API makes


@dataclass(slots=True, kw_only=True, eq=False)
class Authorization:
    """What an account granted. `granted_by` names the service account that delegated it, if one did."""

    account: Account
    scope: str
    refresh_token: str
    delegated_scope: str = ""
    granted_by: str = ""


@dataclass(frozen=True, slots=True)
class _Replaced:
    authorization: Authorization
    works_until: float


class Authorizations:
    """Those that stand, and the refresh tokens that were replaced.

    Args:
        kept: how many replaced tokens are remembered; the oldest are forgotten first.
    """

    def __init__(self, kept: int = _KEPT) -> None:
        self._kept = kept
        self._by_account: dict[str, Authorization] = {}
        self._by_token: dict[str, Authorization] = {}
        self._replaced: dict[str, _Replaced] = {}

    def begin(self, account: Account, scope: str) -> Authorization:
        """Open the authorization of an account; one that stands is kept, its refresh token too."""
        authorization = self._by_account.get(account.account_id)
        if authorization is None:
            authorization = Authorization(account=account, scope=scope, refresh_token=new_token())
            self._by_account[account.account_id] = authorization
            self._by_token[authorization.refresh_token] = authorization
        return authorization

    def end(self, authorization: Authorization) -> None:
        """Take an authorization away, and with it every refresh token that it ever had."""
        if self._stands(authorization):
            del self._by_account[authorization.account.account_id]
            del self._by_token[authorization.refresh_token]

    def of_account(self, sub: str) -> Authorization | None:
        """Find the authorization of an account."""
        return self._by_account.get(sub)

    def delegated_by(self, sub: str) -> list[Authorization]:
        """List what a service account delegated."""
        return [known for known in self._by_account.values() if known.granted_by == sub]

    def find(self, refresh_token: str, *, now: float) -> Authorization | None:
        """Find what a refresh token stands for: the present one, or a replaced one in its grace.

        Args:
            refresh_token: as it was offered.
            now: Unix time, in seconds.
        """
        replaced = self._replaced.get(refresh_token)
        if replaced is None:
            return self._by_token.get(refresh_token)
        return self.find_replaced(refresh_token) if now < replaced.works_until else None

    def find_replaced(self, refresh_token: str) -> Authorization | None:
        """Find whose refresh token this was, grace or not, unless that authorization has ended or it is forgotten."""
        replaced = self._replaced.get(refresh_token)
        return replaced.authorization if replaced is not None and self._stands(replaced.authorization) else None

    def replace_token(self, authorization: Authorization, *, works_until: float) -> None:
        """Give an authorization another refresh token.

        Args:
            authorization: one that stands.
            works_until: Unix time, in seconds, up to which the old one is found.
        """
        old = authorization.refresh_token
        del self._by_token[old]
        self._replaced[old] = _Replaced(authorization, works_until)
        if len(self._replaced) > self._kept:
            del self._replaced[next(iter(self._replaced))]
        authorization.refresh_token = new_token()
        self._by_token[authorization.refresh_token] = authorization

    def _stands(self, authorization: Authorization) -> bool:
        # By identity: an account that was revoked and connected again has another one, with other tokens.
        return self._by_account.get(authorization.account.account_id) is authorization
