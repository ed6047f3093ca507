"""The engines' files and the gateway's own rules cannot drift apart."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from gateway.rules.browser_calls import CLIENT_HEADER, CSRF_HEADER
from gateway.rules.engine_calls import is_for_engines
from gateway.rules.headers import CHECKED_METHOD
from gateway.rules.operations import OPERATIONS, Operation
from tests.house.engine_lists import LISTS, NGINX, with_list

SERVER: Final = NGINX.with_name("gateway-server.conf").read_text(encoding="utf-8")
_NOT_OF_THE_CALL: Final = {"Host", "Connection", "Content-Length", "Gateway-Engine-Key", "X-Request-Id"}


def check() -> str:
    """Return the location that asks."""
    return SERVER.partition("location = /_gateway_check {")[2].partition("\n}")[0]


@pytest.mark.parametrize(("path", "name", "make"), LISTS, ids=[f"{path.name} {name}" for path, name, _ in LISTS])
def test_the_list_of_operations_is_the_route_tables(path: Path, name: str, make: Callable[[], str]) -> None:
    """Run `make docs` when this fails."""
    text = path.read_text(encoding="utf-8")
    assert with_list(text, name, make()) == text


@pytest.mark.parametrize("row", OPERATIONS, ids=lambda row: row.name)
def test_nginx_carries_what_the_check_may_allow_and_nothing_else(row: Operation) -> None:
    """An operation that is new in the table goes through the gateway until it is known that it need not."""
    lines = re.findall(r'"~(\^.+)" 1;', NGINX.read_text(encoding="utf-8"))
    target = re.sub(r"\{[a-z_]+\}", "a%40b", row.template)

    def is_carried(asked: str) -> bool:
        return any(re.search(line, asked) for line in lines)

    spellings = (target, f"{target}/", f"{target}?a=/v1/userinfo")
    assert {is_carried(f"{row.method}:{one}") for one in spellings} == {is_for_engines(row)}
    others = (f"{target}/b/c", f"/x{target}", f"{target}#")
    assert not any(is_carried(f"{row.method}:{one}") for one in others)


def test_whatever_a_check_is_asked_with_is_in_the_key_of_its_answer() -> None:
    """What is judged and not in the key would let a good call answer for a bad one."""
    said = dict(re.findall(r"proxy_set_header (\S+) (\S+);", check()))
    (key,) = re.findall(r'proxy_cache_key "(.+)";', check())
    parts = key.split("\\n")
    judged = {name: value for name, value in said.items() if name not in _NOT_OF_THE_CALL}
    assert sorted(parts) == sorted([*judged.values(), "$request_uri"])
    assert len(set(parts)) == len(parts)
    assert judged.keys() == {
        *("Authorization", "Cookie", "Origin", "Sec-Fetch-Site", "Content-Type"),
        *(CLIENT_HEADER, CSRF_HEADER, CHECKED_METHOD),
    }
    for line in ("internal;", "proxy_pass_request_headers off;", "proxy_pass_request_body off;"):
        assert line in check()


def test_only_a_yes_is_kept_and_nowhere_longer_than_two_seconds() -> None:
    """A kept answer is counted in whole seconds: one of 1 s is used until the second after the next begins."""
    assert re.findall(r"proxy_cache_valid .+;", SERVER) == ["proxy_cache_valid 200 1s;"]
    assert "proxy_cache_use_stale" not in SERVER
    ignored = re.search(r"proxy_ignore_headers (.+);", check())
    assert ignored is not None
    assert {"Cache-Control", "Expires", "X-Accel-Expires"} <= set(ignored.group(1).split())


def test_answers_of_checks_are_kept_in_memory() -> None:
    (where,) = re.findall(r"proxy_cache_path (\S+)", NGINX.read_text(encoding="utf-8"))
    assert where.startswith("/dev/shm/")  # noqa: S108  that is the point
