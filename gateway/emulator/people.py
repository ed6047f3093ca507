"""Who is known: accounts, how a browser is recognised, and implicit and explicit linking.

Source: https://docs.cronofy.com/developers/api-alpha/explicit-linking
"""

from typing import NamedTuple

from gateway.emulator.accounts import Account, Calendar, Profile, first_calendars
from gateway.emulator.identities import Mode, Provider
from gateway.emulator.ids import stable_calendar_id, stable_id


class Connected(NamedTuple):
    """An account and the profile that was just connected to it."""

    account: Account
    profile: Profile


class People:
    """Every account of the one application."""

    def __init__(self) -> None:
        self.accounts: dict[str, Account] = {}
        self.browsers: dict[str, str] = {}
        """Browser cookie to account id."""
        self.invited = 0
        """How many the control API made."""

    def find(self, sub: str) -> Account | None:
        """Look an account up by `acc_…`, `ser_…` or `apc_…`."""
        return self.accounts.get(sub)

    def find_browser(self, cookie: str) -> Account | None:
        """Look up the account that a browser used last; a cookie from before a reset is nobody's."""
        return self.accounts.get(self.browsers.get(cookie, ""))

    def connect(
        self, *, email: str, provider: Provider, mode: Mode, link_to: Account | None, may_link: bool = True
    ) -> Connected:
        """Connect a calendar account, to a known account where there is one.

        Args:
            email: lower-case; the same one finds the same account: a person with two browsers is one person.
            provider: whose calendar.
            mode: how it is connected.
            link_to: the account of the browser's cookie or of a link token.
            may_link: False for `avoid_linking`: only the account of exactly this address will do.
        """
        account = link_to or self._by_email(email, may_link=may_link)
        if account is None:
            account = Account(account_id=stable_id("acc", email), email=email)
            self.accounts[account.account_id] = account
        return Connected(account, _attach(account, email=email, provider=provider, mode=mode))

    def connect_service(self, *, email: str, provider: Provider, mode: Mode) -> Account:
        """Connect an organisation; the mode that its administrator chose holds for everyone delegated."""
        account_id = stable_id("ser", email)
        account = self.accounts.setdefault(
            account_id, Account(account_id=account_id, kind="service_account", email=email)
        )
        account.provider, account.mode = provider, mode
        return account

    def open_application_calendar(self, name: str) -> Account:
        """Open an application calendar, the same one for the same name."""
        account_id = stable_id("apc", name)
        if account_id not in self.accounts:
            profile_id = stable_id("pro", account_id)
            calendar = Calendar(
                calendar_id=stable_calendar_id(profile_id, name, with_at=False),
                name=name,
                primary=True,
                permission_level="unrestricted",
                has_sample_events=False,
            )
            # Application calendars report cronofy/cronofy, just like a person in No-Access mode.
            profile = Profile(
                profile_id=profile_id, name=name, provider="google", mode="no_access", calendars=[calendar]
            )
            self.accounts[account_id] = Account(
                account_id=account_id,
                kind="application_calendar",
                application_calendar_id=name,
                profiles=[profile],
            )
        return self.accounts[account_id]

    def _by_email(self, email: str, *, may_link: bool) -> Account | None:
        # Its id is made of its address, so a person's own account needs no search; only a linked address does.
        own = self.accounts.get(stable_id("acc", email))
        if own is not None or not may_link:
            return own
        people = (account for account in self.accounts.values() if account.kind == "account")
        return next((account for account in people if any(p.name == email for p in account.profiles)), None)


def _attach(account: Account, *, email: str, provider: Provider, mode: Mode) -> Profile:
    # A mailbox has one connection: choosing another mode later changes that one. No-Access has no mailbox behind
    # it and is therefore a connection of its own.
    family = "cronofy" if mode == "no_access" else provider
    profile_id = stable_id("pro", account.account_id, family, email)
    profile = next((known for known in account.profiles if known.profile_id == profile_id), None)
    if profile is None:
        profile = Profile(profile_id=profile_id, name=email, provider=provider, mode=mode)
        profile.calendars = first_calendars(profile_id, mode)
        account.profiles.append(profile)
    profile.mode, profile.connected = mode, True
    return profile
