"""Successors: where a refresh token leads that was replaced, maybe long ago and maybe more than once.

Whoever holds an old refresh token and cannot know of the new one (an app whose people were imported, a file that was
exported yesterday) is led on by the journal instead of using a token that is dead at Cronofy.
"""

import math
from collections.abc import AsyncIterator
from typing import Final

from gateway.flows.ports import Clock
from gateway.flows.refresh_journal import RefreshJournal, account_of, refresh_name
from gateway.flows.refresh_outcomes import Refreshed
from gateway.flows.refreshes import Refreshes
from gateway.rules.client import Application
from gateway.rules.session_times import needs_refresh
from gateway.rules.token_reply import ReplyInvalid, TokenSet, read_token_reply

LONGEST_CHAIN: Final = 10_000  # refresh tokens that replaced each other: an hourly one has 8,760 in a year
WORTH_HAVING: Final = 300.0  # seconds that an access token must still live to be handed on instead of a fresh one
_OK: Final = 200


async def use_newest(
    refreshes: Refreshes, clock: Clock, application: Application, refresh_token: str, *, account: str = ""
) -> Refreshed:
    """Use a refresh token or what replaced it; an answer that another caller had is given while it is good.

    Raises:
        CronofyUnavailable: no usable answer; try again after a moment.
        StoreUnavailable: nothing was asked, or what was answered could not be written yet.
    """
    began = clock.now()
    refreshed = await refreshes.ask(application, refresh_token, account=account, remembered=math.inf)
    for _ in range(LONGEST_CHAIN):
        if refreshed.is_final or refreshed.at >= began:
            break
        tokens = read_token_reply(refreshed.reply.body)
        if not needs_refresh(expires_at=refreshed.at + tokens.expires_in, now=clock.now(), margin=WORTH_HAVING):
            break
        refreshed = await refreshes.ask(application, tokens.refresh_token, account=account, remembered=math.inf)
    return refreshed


async def find_newest(
    journal: RefreshJournal, application: Application, refresh_token: str
) -> tuple[TokenSet, float] | None:
    """Return the last of the token sets that replaced a refresh token, and when it came; nothing is asked.

    Raises:
        StoreUnavailable: it cannot be known now.
    """
    newest = None
    async for tokens, at in _successors(journal, application, refresh_token):
        newest = tokens, at
    return newest


async def name_account(journal: RefreshJournal, application: Application, refresh_token: str, account: str) -> None:
    """Write down whose a refresh token and all that replaced it are, so that erasing the account finds the answers.

    Raises:
        StoreUnavailable: some are not named yet.
    """
    about = account_of(application, account)
    await journal.name_account(refresh_name(application, refresh_token), about)
    async for tokens, _ in _successors(journal, application, refresh_token):
        await journal.name_account(refresh_name(application, tokens.refresh_token), about)


async def _successors(
    journal: RefreshJournal, application: Application, refresh_token: str
) -> AsyncIterator[tuple[TokenSet, float]]:
    for _ in range(LONGEST_CHAIN):
        entry = await journal.find(refresh_name(application, refresh_token))
        if entry is None or not entry.rotated or entry.status != _OK:
            return
        try:
            tokens = read_token_reply(entry.body)
        except ReplyInvalid:
            return
        yield tokens, entry.at
        refresh_token = tokens.refresh_token
