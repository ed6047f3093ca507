"""With several workers the arbiter follows the settings file, for all of them."""

from pathlib import Path

from tests.journeys.crew import Crew, crew_of
from tests.journeys.stub_upstream import StubUpstream
from tests.journeys.test_clients_at_run_time import command, rewrite
from tests.journeys.waiting import until_told

OLD, NEW = "https://app.example.com/callback", "https://app.example.com/other"


async def status_of(crew: Crew, redirect_uri: str, client: str = "my-app") -> int:
    """Return how an authorize request is answered, on a connection of its own."""
    asked = {"client_id": client, "redirect_uri": redirect_uri, "response_type": "code", "scope": "free_busy_write"}
    return (await crew.fetch("GET", "/oauth/authorize", params=asked, allow_redirects=False))[0]


async def test_a_changed_file_reaches_every_worker_and_a_bad_one_takes_none_down(
    tmp_path: Path, stub: StubUpstream
) -> None:
    """And a worker that is started after the file went bad runs on what its siblings run on."""
    async with crew_of(2, tmp_path, cronofy_url=stub.url) as crew:
        before = crew.pids
        rewrite(tmp_path, OLD, NEW)
        await crew.come_to("gateway.started", 4)
        await crew.come_to("gateway.stopped", 2)
        good = (tmp_path / "gateway.toml").read_text()
        rewrite(tmp_path, "[clients.my-app]", "[clients.my-app")
        (refused,) = await crew.come_to("gateway.reload_refused", 1)
        assert "is not TOML" in refused["problems"][0]
        for pid in crew.pids[2:]:
            async with crew.alone(pid):
                assert (await status_of(crew, NEW), await status_of(crew, OLD)) == (302, 400)
        await crew.kill(crew.pids[2])
        await crew.come_to("gateway.started", 5)
        async with crew.alone(crew.pids[4]):
            assert (await status_of(crew, NEW), await status_of(crew, OLD)) == (302, 400)
        (tmp_path / "gateway.toml").write_text(good)
        await crew.come_to("gateway.reloaded", 2)
        assert len(crew.pids) == 5  # put right again, it is what they run on already
        page = await crew.metrics()
        assert 'gateway_reloads_total{outcome="taken"} 2.0' in page
        assert 'gateway_reloads_total{outcome="refused"} 1.0' in page
        assert not set(before) & set(await crew.states())


async def test_every_worker_follows_the_stores_clients(tmp_path: Path, stub: StubUpstream) -> None:
    async with crew_of(2, tmp_path, cronofy_url=stub.url) as crew:
        await command(tmp_path, "clients", "add", "new", "--redirect-uri", NEW)
        for pid in crew.pids:
            async with crew.alone(pid):

                async def is_known() -> bool:
                    return await status_of(crew, NEW, "new") == 302

                await until_told(is_known, patience=5)
