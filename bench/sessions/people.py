"""People who are signed in: those that the emulator knows, and any number that nobody needs to know."""

import random
from dataclasses import dataclass
from typing import Any, Final

from gateway.emulator.ids import new_token, stable_id
from gateway.rules.access_mode import AccessMode, Profile
from gateway.rules.client import AccountId
from gateway.rules.token_reply import TokenSet

LIFETIME: Final = 30 * 86_400.0  # of the tokens of those whom the emulator knows: no run meets their end
_HOUR: Final = 3_600.0
_BROWSERS: Final = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605",
    "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with one connected calendar account.

    Attributes:
        sub: the account.
        profile_id: its profile.
        access_token: Cronofy's.
        refresh_token: Cronofy's.
        lifetime: seconds that the access token lives.
        browser: what the browser calls itself.
    """

    sub: str
    profile_id: str
    access_token: str
    refresh_token: str
    lifetime: float
    browser: str

    @property
    def profile(self) -> Profile:
        """The profile that the sign-in connects."""
        return Profile(self.profile_id, AccessMode.READ_WRITE, name=self.email)

    @property
    def tokens(self) -> TokenSet:
        """What Cronofy's token endpoint answers at the sign-in."""
        tokens = self.access_token, self.refresh_token
        account = AccountId(self.sub)
        return TokenSet(*tokens, self.lifetime, "free_busy_write", account, self.profile, self.email, "google")

    @property
    def email(self) -> str:
        """A calendar's usual name."""
        return f"{self.sub[-12:]}@example.com"

    def session_data(self, connection: str) -> dict[str, Any]:
        """Return what `/auth/callback` puts into the session."""
        profile = {"profile_id": self.profile_id, "profile_name": self.email, "provider_name": "google"}
        return {"connection": connection, "account": self.sub, "profile": profile, "user_agent": self.browser}


def known(told: dict[str, str]) -> Person:
    """Return a person of the emulator's crowd."""
    tokens = told["access_token"], told["refresh_token"]
    return Person(told["sub"], told["profile_id"], *tokens, LIFETIME, _BROWSERS[0])


def invented(number: int) -> Person:
    """Return a person whom only the store will know; the same number has the same account."""
    sub, profile = stable_id("acc", "bench", str(number)), stable_id("pro", "bench", str(number))
    browser = random.choice(_BROWSERS)  # noqa: S311  no secret
    return Person(sub, profile, new_token(), new_token(), _HOUR, browser)
