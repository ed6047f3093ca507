"""What hangs on the application and on a request."""

from dataclasses import dataclass, field
from typing import Final

from aiohttp import web

from gateway.flows.proxy import CallFacts, Proxy
from gateway.flows.registry import Registry
from gateway.flows.tokens import RevokeDoor, TokenDoor
from gateway.observe.metrics import Metrics


@dataclass(frozen=True, slots=True)
class PublicDoors:
    """Everything that the public listener's handlers use."""

    registry: Registry
    tokens: TokenDoor
    revocations: RevokeDoor
    proxy: Proxy
    metrics: Metrics
    max_body_bytes: int


@dataclass(slots=True)
class RequestFacts:
    """What the canonical log line of a request says."""

    request_id: str
    started_at: float
    call: CallFacts = field(default_factory=CallFacts)
    code: str = ""


DOORS: Final = web.AppKey("doors", PublicDoors)
FACTS: Final = web.RequestKey("facts", RequestFacts)
