"""Where an app's tokens are kept, as the journeys of apps try it: each custody in turn."""

from typing import Any, Final

from tests.journeys.world import ADDING, SECRETS, World

CUSTODIES: Final = ("client", "gateway")
"""Every journey of an app is made once in each of these."""


def client_in(custody: str, **changes: Any) -> dict[str, Any]:
    """Return the settings of one client in a custody, by its id; it alone uses the application."""
    client = {
        "secrets": [SECRETS[ADDING]],
        "scope_policy": "add",
        "any_loopback_redirect": True,
        "custody": custody,
        **changes,
    }
    return {ADDING: client}


async def assert_custody(world: World, custody: str, access_token: str) -> None:
    """What the app holds opens Cronofy itself in custody `client` only."""
    headers = {"Authorization": f"Bearer {access_token}"}
    async with world.session.get(f"{world.emulator}/v1/account", headers=headers) as reply:
        assert reply.status == (200 if custody == "client" else 401)
