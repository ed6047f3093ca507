"""What gunicorn is told, and what a reload may change; the journeys run real arbiters."""

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.adapters.key_ring import KeyRingInvalid
from gateway.app import SettingsSource
from gateway.config_check import Checked, Complaint, SettingsInvalid, check_settings
from gateway.rules.errors import StoreUnavailable
from gateway.workers.arbiter import GatewayArbiter, Workers, run_workers
from gateway.workers.arbiter_log import ArbiterLog
from gateway.workers.worker import GatewayWorker
from tests.log_state import kept_log
from tests.ports import free_port
from tests.settings import good_settings


@pytest.fixture(autouse=True)
def _log_as_it_was(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("SERVER_SOFTWARE", "")  # gunicorn sets it
    with kept_log():
        yield


@pytest.fixture
def settings(tmp_path: Path) -> Callable[..., Checked]:
    def make(**changes: Any) -> Checked:
        return check_settings(
            good_settings(**{"workers": 2, "store": {"url": f"sqlite:///{tmp_path / 'r.db'}"}, **changes})
        )

    return make


def workers_of(checked: Checked, read_again: Callable[[], Checked], folder: Path) -> Workers:
    return Workers(checked, SettingsSource(read_again), [], folder, 30)


def never() -> Checked:
    raise AssertionError("nobody asked for a reload")


def test_gunicorn_gets_our_sockets_worker_and_log(settings: Callable[..., Checked], tmp_path: Path) -> None:
    """It has no access log, control socket or pid file: nothing that somebody would have to know of."""
    config = workers_of(settings(drain_timeout=7.5), never, tmp_path).cfg
    assert (config.workers, config.timeout) == (2, 30)
    assert (config.worker_class, config.logger_class) == (GatewayWorker, ArbiterLog)
    assert (config.accesslog, config.control_socket_disable, config.pidfile) == (None, True, None)


def test_a_worker_gets_the_time_to_finish_a_refresh(settings: Callable[..., Checked], tmp_path: Path) -> None:
    """Killed before Cronofy's answer is stored, it would take the only refresh token along."""
    checked = settings(drain_timeout=7.5, upstream={"connect_timeout": 10, "read_timeout": 100})
    assert workers_of(checked, never, tmp_path).cfg.graceful_timeout > 7.5 + 10 + 100


def test_what_a_reload_brings_is_taken_over(settings: Callable[..., Checked], tmp_path: Path) -> None:
    fresh = settings(workers=5, drain_timeout=60)
    workers = workers_of(settings(), lambda: fresh, tmp_path)
    assert workers.read_again() == []
    assert workers.checked is fresh
    assert (workers.cfg.workers, workers.cfg.graceful_timeout) == (5, 100)


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (
            SettingsInvalid([Complaint("a", "is weak", "", fatal=False), Complaint("b", "is missing", "")]),
            "b is missing",
        ),
        (KeyRingInvalid("no key"), "no key"),
    ],
)
def test_a_reload_that_cannot_be_read_changes_nothing(
    settings: Callable[..., Checked], tmp_path: Path, error: Exception, problem: str
) -> None:
    def read_again() -> Checked:
        raise error

    before = settings()
    workers = workers_of(before, read_again, tmp_path)
    assert workers.read_again() == [problem]
    assert workers.checked is before


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"listen": {"host": "127.0.0.1"}}, "listen cannot change without a restart"),
        ({"operations": {"port": 9081}}, "operations cannot change without a restart"),
        ({"store": {"url": "sqlite:////nowhere/at/all.db"}}, "the store's file cannot be opened"),
        ({"upstream": {"ca_file": Path("/nowhere/ca.pem")}}, "No such file"),
    ],
)
def test_a_reload_that_could_not_run_changes_nothing(
    settings: Callable[..., Checked], tmp_path: Path, changes: dict[str, Any], problem: str
) -> None:
    before = settings()
    workers = workers_of(before, lambda: settings(**changes), tmp_path)
    (told,) = workers.read_again()
    assert problem in told
    assert workers.checked is before


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"store": {"url": "sqlite:////nowhere/at/all.db"}}, StoreUnavailable),
        ({"keys": {"ring": "not a key"}}, KeyRingInvalid),
        ({"upstream": {"ca_file": Path("/nowhere/ca.pem")}}, OSError),
    ],
)
def test_a_start_that_cannot_work_fails_before_a_worker_is_there(
    settings: Callable[..., Checked], changes: dict[str, object], error: type[Exception]
) -> None:
    with pytest.raises(error):
        run_workers(settings(**changes), SettingsSource(never))


@pytest.mark.parametrize("taken", ["listen", "operations"])
def test_a_taken_address_fails_before_a_worker_is_there(settings: Callable[..., Checked], taken: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        addresses = {name: {"host": "127.0.0.1", "port": free_port()} for name in ("listen", "operations")}
        addresses[taken]["port"] = other.getsockname()[1]
        with pytest.raises(OSError, match="in use"):
            run_workers(settings(**addresses), SettingsSource(never))


def test_an_arbiter_keeps_the_number_and_lets_the_oldest_go(
    settings: Callable[..., Checked], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that drain do not count: what dies beside them is replaced, and they are told once."""

    class Member:
        def __init__(self, pid: int, *, retired: bool = False) -> None:
            self.pid = self.age = pid
            self.retired = retired

    told, started = [], []
    arbiter = GatewayArbiter(workers_of(settings(), never, tmp_path))
    monkeypatch.setattr(arbiter, "kill_worker", lambda pid, _sig: told.append(pid))
    monkeypatch.setattr(arbiter, "spawn_worker", lambda: started.append(1))
    arbiter.WORKERS = {one.pid: one for one in (Member(2), Member(1), Member(4), Member(3, retired=True))}
    for _ in range(2):
        arbiter.manage_workers()
    assert (told, started) == ([1], [])

    del arbiter.WORKERS[4]
    arbiter.manage_workers()
    assert (told, started) == ([1], [1])
