import pytest
from aiohttp import web

from gateway.emulator.accounts import Record
from gateway.emulator.callbacks import Callbacks, signature

BODY = b'{"example":"well-known"}'


@pytest.mark.parametrize(
    ("secret", "expected"),
    [
        ("pDY0Oi7TJSP2hfNmZNkm5", "6r2/HjBkqymGegX0wOfifieeUXbbHwtV/LohHS+jv6c="),
        ("CRN_NggYusqPGLxwjw5FHOJYOqSrTPNXy8WQf14OID", "5DxentQi5YSXODEzTVv06sRwJ3pULIz1KrYv20qxEK0="),
    ],
)
def test_the_signature_of_the_docs_is_reproduced(secret: str, expected: str) -> None:
    assert signature(BODY, [secret]) == expected


def test_every_secret_signs_without_a_space_between() -> None:
    """Four of the SDKs split at the comma and do not trim."""
    both = signature(BODY, ["one", "two"])

    assert both == f"{signature(BODY, ['one'])},{signature(BODY, ['two'])}"


async def test_what_nobody_receives_is_dropped(unused_tcp_port: int) -> None:
    noted: list[Record] = []
    callbacks = Callbacks(("secret",), pauses=(60.0,), note=noted.append)
    running = callbacks.run(web.Application())
    await anext(running)
    callbacks.send(f"http://127.0.0.1:{unused_tcp_port}/", {"authorization": {}})
    callbacks.send("http://[broken", {})

    assert [one async for one in running] == []
