"""The parts that figures pass through on their way: a mistake in one would be a wrong figure."""

import asyncio
import os
import signal
import socket
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from bench.proxying import browser, upstream
from bench.proxying.failures import Failed, Missing, reason
from bench.proxying.figures import over, percentiles
from bench.proxying.http import Answer
from bench.proxying.open_loop import call_at
from bench.proxying.peer import Place
from bench.proxying.peers import gateway, nginx, nginx_checked
from bench.proxying.processes import TESTED, find, running
from bench.proxying.tokens import is_bearer, new_access_token
from gateway.config_check import load_settings
from tests.journeys.waiting import until

LONG_AGO = "Thu, 01 Jan 1970 00:00:00 GMT"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"


def test_an_answer_is_complete_with_its_last_byte() -> None:
    answer = Answer()
    assert not answer.is_complete(HEAD[:10])
    assert not answer.is_complete(HEAD[10:] + b"1234")
    assert answer.is_complete(b"5")
    assert answer.status == 200


def test_a_chunked_answer_is_complete_with_its_last_chunk() -> None:
    answer = Answer()
    assert not answer.is_complete(b"HTTP/1.1 401 No\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
    assert answer.is_complete(b"0\r\n\r\n")
    assert answer.status == 401


def test_a_median_is_over_the_rounds() -> None:
    told = over([{"calls": 9, "cpu_us": one} for one in (3.0, 1.0, 2.0)])
    assert told == {
        "cpu_us": 2.0,
        "cpu_us_spread": [1.0, 3.0],
        "rounds": [{"calls": 9, "cpu_us": one} for one in (3.0, 1.0, 2.0)],
    }


def test_percentiles() -> None:
    assert percentiles(range(1, 101)) == {"p50": 51, "p99": 100, "max": 100}
    assert percentiles([7.0]) == {"p50": 7.0, "p99": 7.0, "max": 7.0}


def test_a_token_of_ours_is_known_again() -> None:
    assert is_bearer(f"Bearer {new_access_token()}")
    assert not is_bearer("")
    assert not is_bearer(f"Basic {new_access_token()}")
    assert not is_bearer("Bearer bench-")


def test_the_measured_bodies_have_the_agreed_size(tmp_path: Path) -> None:
    upstream.write_bodies(tmp_path, 1_000)
    assert {len(upstream.body(path, tmp_path)) for path in (upstream.CALENDARS, upstream.EVENTS)} == {2_330}
    assert (tmp_path / "bodies" / "10MB").stat().st_size == 10_000_000


def test_the_gateways_settings_are_accepted(tmp_path: Path) -> None:
    """A setting that is renamed must not end a run of half an hour."""
    peer = gateway.prepare(Place(tmp_path, 8080, 9001, 9002), workers=2)
    settings = load_settings(tmp_path / "gateway.toml").settings
    assert (settings.workers, settings.listen.port) == (2, 8080)
    assert peer.ready == (settings.operations.port, "/readyz")


def test_nginx_and_the_gateway_that_it_asks_agree(tmp_path: Path) -> None:
    """Their ports and the key stand in files of both."""
    peer = nginx_checked.prepare(Place(tmp_path, 8080, 9001, 9002))
    settings = load_settings(tmp_path / "gateway.toml").settings
    written = (tmp_path / "engine" / "nginx.conf").read_text(encoding="utf-8")
    assert f"upstream gateway_engine {{ server 127.0.0.1:{settings.engine.port};" in written
    assert f"upstream gateway_public {{ server 127.0.0.1:{settings.listen.port};" in written
    assert settings.public_url == "http://127.0.0.1:8080"
    assert settings.engine.key is not None
    told = (tmp_path / "engine" / "gateway-engine-key.conf").read_text(encoding="utf-8")
    assert settings.engine.key.get_secret_value() in told
    assert "--" in peer.words


async def test_programs_that_run_together_end_together(tmp_path: Path) -> None:
    sleeps = (sys.executable, "-c", "import time; print('x', flush=True); time.sleep(60)")
    out = tmp_path / "out"
    words = (sys.executable, str(nginx_checked.TOGETHER), *sleeps, "--", *sleeps)
    with running(words, core=TESTED, folder=tmp_path, out=out) as program:
        await until(lambda: out.read_text(encoding="ascii").count("x") == 2)
        tree = program.tree()
        assert len(tree) == 3
        os.kill(tree[1], signal.SIGKILL)
        assert await asyncio.to_thread(program.process.wait, 10) == 1
    await until(lambda: not any(map(is_alive, tree)))


def test_a_program_that_is_not_there_is_named() -> None:
    with pytest.raises(Missing, match=r"no such-program \(Debian's package such\)"):
        find("such-program", "Debian's package such")


def test_what_failed_is_told_from_what_is_missing() -> None:
    assert reason(Missing("no go")) == "no go"
    assert reason(Failed("answers 502")) == "failed: answers 502"


def is_alive(pid: int) -> bool:
    """Say whether a process runs; one that only nobody has collected yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


async def test_a_program_ends_with_its_children(tmp_path: Path) -> None:
    """A worker that outlives its run would take the core of the next one."""
    script = "import os, time\nos.fork()\nwhile time.process_time() < 0.1: pass\nprint('x', flush=True)\ntime.sleep(60)"
    out = tmp_path / "out"
    with running((sys.executable, "-c", script), core=TESTED, folder=tmp_path, out=out) as program:
        await until(lambda: out.read_text(encoding="ascii").count("x") == 2)
        tree = program.tree()
        assert len(tree) == 2
        assert all(os.sched_getaffinity(pid) == {TESTED} for pid in tree)
        assert program.memory() > 1_000_000
        assert program.cpu() > 0.15  # of both, each cut down to a tick
    await until(lambda: not any(map(is_alive, tree)))


def serve(listener: socket.socket, answer: bytes) -> None:
    while True:
        try:
            sock, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=talk, args=(sock, answer), daemon=True).start()


def talk(sock: socket.socket, answer: bytes) -> None:
    with sock, suppress(ConnectionResetError):
        while sock.recv(65_536):
            sock.sendall(answer)


@pytest.mark.parametrize(
    ("answer", "good"), [(HEAD + b"12345", True), (HEAD.replace(b"200", b"401") + b"12345", False)]
)
def test_every_call_at_a_fixed_rate_is_answered(answer: bytes, *, good: bool) -> None:
    """A refusal ends the measurement: it would be quicker than an answer."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener, answer), daemon=True).start()
        port = listener.getsockname()[1]
        if good:
            assert len(call_at(1_000, 0.05, port, "/", {})) == 50
        else:
            with pytest.raises(Failed, match="answered 401"):
                call_at(1_000, 0.05, port, "/", {})
        listener.shutdown(socket.SHUT_RDWR)


def test_a_browser_brings_back_the_cookies_of_the_origin_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cookie that is deleted on the way is not sent any more."""
    asked: list[tuple[int, str, str]] = []
    answers = {
        (1, "/in"): (302, "http://127.0.0.1:2/authorize?x=1", ["state=s; Path=/", "old=o"]),
        (2, "/authorize?x=1"): (302, "http://127.0.0.1:1/back", ["provider=p"]),
        (1, "/back"): (
            303,
            "/home",
            ["state=; Max-Age=0", 'session="a b"; HttpOnly', "old=; expires=Thu, 01 Jan 1970 00:00:00 GMT"],
        ),
        (1, "/home"): (404, "", []),
    }

    class Response:
        def __init__(self, location: str, cookies: list[str]) -> None:
            self.headers = self
            self._location, self._cookies = location, cookies

        def __getitem__(self, _name: str) -> str:
            return self._location

        def get_all(self, _name: str, _default: list[str]) -> list[str]:
            return self._cookies

    def fetch(port: int, path: str, headers: dict[str, str]) -> tuple[int, Response, bytes]:
        asked.append((port, path, headers.get("Cookie", "")))
        status, location, cookies = answers[port, path]
        return status, Response(location, cookies), b""

    monkeypatch.setattr(browser, "fetch", fetch)
    assert browser.sign_in(1, "/in") == 'session="a b"'
    assert asked[2] == (1, "/back", "state=s; old=o")


def test_nginx_is_told_as_a_plain_proxy(tmp_path: Path) -> None:
    peer = nginx.prepare(Place(tmp_path, 8080, 9001, 9002))
    assert peer.sign_in is None
    assert "server 127.0.0.1:9001;" in (tmp_path / "nginx.conf").read_text(encoding="utf-8")
