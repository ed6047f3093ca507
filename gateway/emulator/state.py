"""Everything that the emulator remembers, in one place that can be emptied."""

from collections import defaultdict, deque
from typing import Final

from aiohttp import web

from gateway.emulator.accounts import Record
from gateway.emulator.autoconsent import Choice
from gateway.emulator.elements import ElementToken
from gateway.emulator.faults import Faults
from gateway.emulator.grants import Grants
from gateway.emulator.paging import Pages
from gateway.emulator.people import People
from gateway.emulator.request_log import RequestLog
from gateway.emulator.rotation import Rotation
from gateway.emulator.settings import EmulatorSettings
from gateway.emulator.token_counts import TokenCounts

_MOST_DELIVERIES: Final = 1_000


class State:
    """The memory of one emulator. Tests in the same process may look at it: the app has it under `STATE`."""

    people: People
    grants: Grants
    pages: Pages
    requests: RequestLog
    faults: Faults
    token_counts: TokenCounts
    autoconsent: Choice | None
    rotation: Rotation
    deliveries: deque[Record]
    """Tries to deliver a callback, newest last."""
    links: dict[str, Record]
    """Tokens in browser links (to link, to permit, to connect conferencing) and what they stand for."""
    element_tokens: dict[str, ElementToken]
    """What each element token is for."""
    records: defaultdict[str, dict[str, Record]]
    """What apps stored by API key (smart invites, scheduling links, …): kind, then id."""

    def __init__(self, settings: EmulatorSettings) -> None:
        self.settings = settings
        self.reset()

    def reset(self) -> None:
        """Go back to the start: nobody known, no token valid, every switch as in the settings."""
        self.people = People()
        self.grants = Grants(self.settings.clock)
        self.pages = Pages(self.settings.page_size)
        self.requests = RequestLog()
        self.faults = Faults()
        self.token_counts = TokenCounts()
        self.autoconsent = None
        self.rotation = self.settings.rotation
        self.deliveries = deque(maxlen=_MOST_DELIVERIES)
        self.links = {}
        self.element_tokens = {}
        self.records = defaultdict(dict)


STATE: Final = web.AppKey("emulator_state", State)
