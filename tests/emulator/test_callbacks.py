from collections import deque

import pytest
from aiohttp import web
from pytest_aiohttp.plugin import AiohttpServer

from gateway.emulator.accounts import Record
from gateway.emulator.callbacks import Callbacks, signature
from tests.journeys.waiting import until

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

    await until(lambda: len(noted) == 2)
    assert [one async for one in running] == []
    assert [(one["status"], one["tries"]) for one in noted] == [(0, 1)] * 2


async def test_what_is_not_taken_is_sent_again_until_it_is(aiohttp_server: AiohttpServer) -> None:
    """A redirect is no answer either."""
    answers, app = deque([500, 302, 204]), web.Application()

    async def take(_request: web.Request) -> web.Response:
        return web.Response(status=answers.popleft(), headers={"Location": "/"})

    app.router.add_post("/", take)
    server = await aiohttp_server(app)
    noted: list[Record] = []
    callbacks = Callbacks(("secret",), pauses=(0.0,) * 5, note=noted.append)
    running = callbacks.run(web.Application())
    await anext(running)
    callbacks.send(str(server.make_url("/")), {"authorization": {}})
    await until(lambda: len(noted) == 3)

    assert [one async for one in running] == []
    assert [(one["status"], one["tries"]) for one in noted] == [(500, 1), (302, 2), (204, 3)]
