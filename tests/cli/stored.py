"""A settings file whose store holds something, for the commands that look into it."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from gateway.adapters.key_ring import generate_key
from gateway.app import open_doors
from gateway.config_check import load_settings
from gateway.rules.access_mode import AccessMode, Profile
from gateway.rules.token_reply import read_token_reply
from gateway.web.keys import PublicDoors
from tests.flows.fakes import token_reply

SETTINGS = """
public_url = "https://gateway.example.com"
[store]
url = "{store}"
[keys]
ring = "{key}"
[applications.main]
client_id = "id"
client_secret = "CRN_0123456789abcdefghijklmnop"
{emulator}
[clients.app]
secrets = ["app-secret-0123456789abcdef"]
[clients.other]
secrets = ["other-secret-0123456789abcdef"]
"""
SECRETS = ("access-1", "refresh-1", "app-access", "app-refresh", "CRN_", "app-secret")


def settings_file(folder: Path, *, store: str = "", cronofy: str = "http://127.0.0.1:9") -> str:
    """Write a settings file with a store of its own; nothing answers for Cronofy unless `cronofy` says where."""
    path = folder / "gateway.toml"
    url = store or f"sqlite:///{folder}/records.db"
    path.write_text(SETTINGS.format(store=url, key=generate_key(), emulator=f'emulator_url = "{cronofy}"'))
    return str(path)


def fill(path: str, *stories: Callable[[PublicDoors], Awaitable[Any]]) -> list[Any]:
    """Run stories over a settings file's store, as a gateway would, and return what came of them."""

    async def run() -> list[Any]:
        async with open_doors(load_settings(Path(path))) as doors:
            return [await story(doors) for story in stories]

    return asyncio.run(run())


def sign_in(client: str = "app", account: str = "acc_1", user_agent: str = "Firefox") -> Any:
    """Return the story of a person who signs in with a browser."""

    async def story(doors: PublicDoors) -> str:
        door, whose = doors.browser, doors.registry.client(client)
        stored = await door.connections.connect(whose, read_token_reply(token_reply(sub=account).body))
        profile = Profile("pro_1", AccessMode.FREE_BUSY, name="ada@example.com")
        await door.modes.learn(doors.registry.application_of(whose), account, profile)
        data = {
            "connection": stored.id,
            "account": account,
            "profile": {"profile_id": "pro_1"},
            "user_agent": user_agent,
        }
        return await door.sessions.create(whose, data)

    return story


def hold(client: str = "app", account: str = "acc_2") -> Any:
    """Return the story of a client's app that gets tokens through the drop-in door."""

    async def story(doors: PublicDoors) -> None:
        tokens = read_token_reply(token_reply("app-access", "app-refresh").body)
        await doors.tokens.bindings.remember(doors.registry.client(client), tokens, account=account, scope="s")

    return story
