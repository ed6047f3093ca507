"""The tour's steps can fail: against something that is not a gateway, every one of them does."""

import aiohttp
from aiohttp import web

from gateway.demo.tour import Tour


async def test_a_tour_of_a_broken_gateway_does_not_pass() -> None:
    async def nonsense(_request: web.Request) -> web.Response:
        return web.json_response({"hello": "world"})

    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", nonsense)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with aiohttp.ClientSession() as session:
        steps = [step async for step in Tour(session, url, url).steps()]
    await runner.cleanup()

    assert len(steps) == 9
    assert not any(step.passed for step in steps)
