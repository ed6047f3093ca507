"""Settings are read again in place: applications and clients at once, everything else at the next start."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gateway.adapters.key_ring import KeyRingInvalid, generate_key
from gateway.app.live_clients import LiveClients
from gateway.app.registry import make_registry
from gateway.app.reloading import Reloading, SettingsSource, needs_restart
from gateway.config_check import Checked, check_settings, load_settings
from gateway.flows.registry import Registry
from gateway.observe.metrics import Metrics
from gateway.rules.scopes import ScopePolicy
from tests.clock import FakeClock
from tests.journeys.waiting import until
from tests.settings import good_settings

SETTINGS = """
public_url = "{public_url}"
{more}
[store]
url = "memory:"
[keys]
ring = "{key}"
[applications.main]
client_id = "id"
client_secret_file = "{folder}/application"
[clients.{client}]
secrets = ["{client}-secret-0123456789abcdef"]
{settings}
"""
KEY = generate_key()


class Stage:
    """A settings file, and a registry that follows it."""

    def __init__(self, folder: Path, clock: FakeClock) -> None:
        self.folder, self.file, self.metrics = folder, folder / "gateway.toml", Metrics()
        (folder / "application").write_text("CRN_0123456789abcdefghijklmnop")
        self.write()
        checked = load_settings(self.file)
        self.registry = make_registry(checked)
        self.live = LiveClients(checked, self.registry, None)
        self.source = SettingsSource(lambda: load_settings(self.file), self.file)
        self.reloading = Reloading(self.source, self.live, clock, self.metrics, every=0.02)

    def write(
        self, client: str = "app", *, public_url: str = "https://gw.example.com", more: str = "", settings: str = ""
    ) -> None:
        values = {"client": client, "public_url": public_url, "more": more, "settings": settings}
        self.file.write_text(SETTINGS.format(folder=self.folder, key=KEY, **values))

    def knows(self, client: str) -> bool:
        return self.registry.client_by_secret(f"{client}-secret-0123456789abcdef") is not None

    def counted(self, outcome: str) -> float:
        return self.metrics.registry.get_sample_value("gateway_reloads_total", {"outcome": outcome}) or 0.0

    @asynccontextmanager
    async def following(self) -> AsyncIterator[None]:
        await self.reloading.begin()
        try:
            yield
        finally:
            await self.reloading.end()


@pytest.fixture
def stage(tmp_path: Path, clock: FakeClock) -> Stage:
    return Stage(tmp_path, clock)


async def test_a_changed_file_is_taken_over_in_place(stage: Stage, clock: FakeClock) -> None:
    registry: Registry = stage.registry
    async with stage.following():
        stage.write("other")
        await until(lambda: stage.knows("other"))
        assert not stage.knows("app")
        (stage.folder / "application").write_text("CRN_another-0123456789abcdefg")
        await until(lambda: registry.applications[0].client_secret == "CRN_another-0123456789abcdefg")
    assert stage.counted("taken") == 2
    assert stage.metrics.registry.get_sample_value("gateway_reloaded_at_seconds") == clock.now()


async def test_whoever_asks_need_not_wait_for_a_look(stage: Stage, clock: FakeClock) -> None:
    stage.reloading = Reloading(stage.source, stage.live, clock, stage.metrics, every=3600)
    async with stage.following():
        stage.write("other")
        stage.source.asked.set()
        await until(lambda: stage.knows("other"))
        stage.source.asked.set()
        await until(lambda: stage.counted("taken") == 2)


@pytest.mark.parametrize("content", ["", "not toml", "public_url = 1", "clients = {}"])
async def test_a_bad_file_is_refused_whole_and_told_once(stage: Stage, content: str) -> None:
    good = stage.file.read_text()
    with capture_logs() as lines:
        async with stage.following():
            stage.file.write_text(content)
            await until(lambda: stage.counted("refused") == 1)
            stage.source.asked.set()
            await until(lambda: stage.counted("refused") == 2)
            assert stage.knows("app")
            stage.file.write_text(good)
            await until(lambda: stage.counted("taken") == 1)
    assert [line["event"] for line in lines] == ["gateway.reload_refused"] * 2 + ["gateway.reloaded"]
    assert lines[0]["problems"]


async def test_a_secret_file_that_comes_later_mends_the_settings(stage: Stage) -> None:
    async with stage.following():
        stage.file.write_text(stage.file.read_text().replace("/application", "/later"))
        await until(lambda: stage.counted("refused") == 1)
        (stage.folder / "later").write_text("CRN_later-0123456789abcdefghij")
        await until(lambda: stage.counted("taken") == 1)
    assert stage.registry.applications[0].client_secret == "CRN_later-0123456789abcdefghij"


async def test_what_is_settled_at_the_start_is_named_and_left(stage: Stage) -> None:
    with capture_logs() as lines:
        stage.write("other", more="drain_timeout = 5")
        await stage.reloading.reload()
        stage.write("other")
        await stage.reloading.reload()
    assert [line["needs_restart"] for line in lines] == [["drain_timeout"], []]
    assert stage.live.checked.settings.drain_timeout == 20
    assert stage.knows("other")


async def test_clients_are_judged_by_the_settings_in_force(stage: Stage) -> None:
    """Else a page would be let in that is not on the site which people see."""
    page = 'home = "https://app.other.org/"'
    with capture_logs() as lines:
        stage.write(public_url="https://gw.other.org", settings=page)
        load_settings(stage.file)  # it can be used, but not before a restart
        await stage.reloading.reload()
    assert stage.counted("refused") == 1
    assert "clients.app.home" in lines[0]["problems"][0]
    assert stage.registry.client("app").browser is None


async def test_a_surprise_is_not_the_last_reload(stage: Stage) -> None:
    def surprise() -> Checked:
        raise ZeroDivisionError

    stage.source = SettingsSource(surprise, stage.file)
    stage.reloading._source = stage.source
    async with stage.following():
        stage.source.asked.set()
        await until(lambda: stage.counted("refused") == 1)
        stage.reloading._source = SettingsSource(lambda: load_settings(stage.file), stage.file)
        await asyncio.sleep(0)
        stage.write("other")
        await until(lambda: stage.knows("other"))


async def test_a_ring_that_cannot_be_used_is_refused(stage: Stage) -> None:
    def bad() -> Checked:
        raise KeyRingInvalid("there is no key")

    stage.reloading._source = SettingsSource(bad, stage.file)
    with capture_logs() as lines:
        await stage.reloading.reload()
    assert lines[0]["problems"] == ["keys.ring there is no key"]


def test_secrets_in_files_count_as_their_sections(tmp_path: Path) -> None:
    (tmp_path / "ring").write_text(generate_key())
    data = good_settings(keys={"ring_file": tmp_path / "ring"})
    before = check_settings(data)
    (tmp_path / "ring").write_text(generate_key())
    after = check_settings({**data, "store": {"url": "memory:"}})

    assert needs_restart(before, before) == []
    assert needs_restart(before, after) == ["keys", "store"]


def test_another_engine_key_in_its_file_has_to_wait(tmp_path: Path) -> None:
    """Else the log would say that it is in force, and every check be refused."""
    file = tmp_path / "key"
    file.write_text("first-key-0123456789abcdefghijklmnop")
    data = good_settings(engine={"port": 0, "key_file": str(file)})
    before = check_settings(data)
    file.write_text("other-key-0123456789abcdefghijklmnop")
    assert needs_restart(before, check_settings(data)) == ["engine"]


async def test_variables_still_win_over_the_file(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY__CLIENTS__APP__SCOPE_POLICY", "add")
    stage.write(settings='scope_policy = "reject"')
    await stage.reloading.reload()
    assert stage.registry.client("app").scope_policy is ScopePolicy.ADD
