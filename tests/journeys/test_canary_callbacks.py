"""Codes, callback URLs and signatures of delegated accounts are never said: not in a log, error, header or metric."""

from pathlib import Path

from gateway.emulator.app import EmulatorSettings
from gateway.rules.callback_signatures import sign
from tests.journeys.canaries import ears
from tests.journeys.hooks import SIGNATURE, ask, asking, clients, deliveries, exchange, open_hook, organisation
from tests.journeys.waiting import until_told
from tests.journeys.world import ADDING, SECRETS, STRICT, World, open_world

SIGNERS = EmulatorSettings().client_secrets
OF_THE_APP = "canary-of-the-apps-own-url-0123456789"


async def answers(world: World, url: str, raw: bytes, signature: str) -> list[str]:
    """Post a callback, and return what the answer said."""
    async with world.session.post(url, data=raw, headers={SIGNATURE: signature}) as reply:
        return [await reply.text(), *(f"{name}: {value}" for name, value in reply.headers.items())]


async def test_callbacks_say_no_secret(tmp_path: Path) -> None:
    emulated = EmulatorSettings(callback_pauses=(0.05,) * 100)
    with ears() as heard:
        async with open_hook() as hook, open_world(tmp_path, emulated=emulated, clients=clients("gateway")) as world:
            hook.url += f"&key={OF_THE_APP}"
            service = await organisation(world)
            hook.status = 500
            await ask(world, service, asking(hook))
            came = await hook.next()
            hook.status = 200

            async def is_taken() -> bool:
                return any(one["status"] == 200 for one in await deliveries(world))

            await until_told(is_taken)
            url = str((await deliveries(world))[-1]["url"])
            code = came.authorization["code"]
            heard.keep(app_url=OF_THE_APP, own_url=url.rpartition("/")[2], code=code, token=service["access_token"])
            heard.keep(application=SIGNERS[0], client=SECRETS[ADDING], signature=came.headers[SIGNATURE])

            for raw, signature in ((came.raw, "x"), (b"not JSON", sign(b"not JSON", SIGNERS)), (came.raw, "")):
                heard.told += await answers(world, url, raw, signature)
            heard.told += await answers(world, url + "x", came.raw, sign(came.raw, SIGNERS))
            for client, uri in ((STRICT, hook.url), (ADDING, url)):
                status, refused = await exchange(world, client, code, uri)
                assert status == 400
                heard.told.append(str(refused))
            assert (await exchange(world, ADDING, code, hook.url))[0] == 200
            _, raw, _ = await ask(world, service, asking(hook, callback_url=f"http://a.test/?key={OF_THE_APP}"))
            heard.told.append(raw.decode())
            async with world.session.get(f"{world.operations}/metrics") as page:
                metrics = await page.text()

        for event in ("callback.received", "callback.rejected", "callback.undelivered", "callback.forwarded"):
            assert event in heard.log.getvalue()
        assert len(heard.told) > 20
        assert heard.heard(metrics=metrics) == []
