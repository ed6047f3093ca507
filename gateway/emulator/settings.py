"""What can be set on the emulator before it starts; live switches are in the control API instead."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from gateway.emulator.rotation import Rotation


@dataclass(frozen=True, kw_only=True)
class EmulatorSettings:
    """The application that the emulator knows, and how long its tokens live.

    Attributes:
        client_id: the only registered application.
        client_secrets: every active one. Each is OAuth secret, API key and HMAC key at once, as at Cronofy.
        access_token_lifetime: seconds, for people and application calendars.
        service_token_lifetime: seconds, for service accounts.
        rotation: how refresh tokens rotate at the start and after a reset.
        callback_pauses: seconds between two tries to deliver a callback that was not taken with a 2xx.
        page_size: items on a page of events, free/busy or available periods.
        clock: Unix time in seconds. Events are laid out around it, tokens expire by it.
    """

    client_id: str = "emulator-application"
    client_secrets: tuple[str, ...] = (
        "CRN_emulator_first_secret_0123456789abcdef",
        "CRN_emulator_second_secret_0123456789abcdef",
    )
    access_token_lifetime: int = 3600
    service_token_lifetime: int = 1800
    rotation: Rotation = field(default_factory=Rotation)
    callback_pauses: tuple[float, ...] = (1.0, 5.0, 30.0, 120.0, 600.0)
    page_size: int = 20
    clock: Callable[[], float] = time.time
