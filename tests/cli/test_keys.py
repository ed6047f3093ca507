"""Keys are made, listed by name, and put in front; none is ever shown."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.app.operator import open_doors
from gateway.config_check import load_settings
from gateway.rules.token_reply import read_token_reply
from tests.cli.stage import Stage
from tests.flows.fakes import token_reply
from tests.log_state import kept_log


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with kept_log():
        yield Stage(tmp_path)


async def fill(stage: Stage) -> None:
    async with open_doors(load_settings(stage.config)) as doors:
        await doors.browser.connections.connect(doors.registry.client("app"), read_token_reply(token_reply().body))


def test_a_rotation_puts_a_new_key_in_front_and_says_what_comes_next(stage: Stage) -> None:
    before = stage.key_ids
    told = stage.run("keys", "rotate")

    assert stage.key_ids[1:] == before
    assert stage.key_ids[0] in told
    assert "store reseal" in told
    for key in stage.ring_file.read_text().split():
        assert key not in told


def test_a_ring_in_a_value_is_left_to_the_operator(stage: Stage) -> None:
    ring = stage.ring_file.read_text().strip()
    stage.config.write_text(stage.config.read_text().replace(f'ring_file = "{stage.ring_file}"', f'ring = "{ring}"'))
    told = stage.run("keys", "rotate", code=1)
    assert "in front of keys.ring" in told
    assert ring not in told


def test_the_list_says_what_to_do_with_each_key(stage: Stage) -> None:
    asyncio.run(fill(stage))
    (row,) = stage.json("keys", "list")
    assert (row["key"], row["place"], row["seals"], row["records"]) == (stage.key_ids[0], 1, True, 1)
    stage.run("keys", "rotate")
    table = stage.run("keys", "list")
    assert "store reseal" in table
    stage.run("store", "reseal")
    assert "taken out" in stage.run("keys", "list")
    assert [one["records"] for one in stage.json("keys", "list")] == [1, 0]


def test_records_whose_key_is_gone_are_told(stage: Stage) -> None:
    asyncio.run(fill(stage))
    stage.run("keys", "rotate")
    new, old = stage.ring_file.read_text().split()
    stage.ring_file.write_text(new)
    assert "cannot be opened" in stage.run("keys", "list")
    assert "no key of this ring opens" in stage.run("store", "reseal", code=1)
    stage.ring_file.write_text(f"{new}\n{old}")
    assert "1 record(s)" in stage.run("store", "reseal")


@pytest.mark.parametrize("command", [("keys", "list"), ("store", "reseal")])
def test_keys_of_sealed_cookies_are_not_judged(stage: Stage, command: tuple[str, str]) -> None:
    """Cookies are counted by nobody: the list would say that a key may go which every browser's session needs."""
    plain = stage.config.read_text().replace(f'url = "sqlite:///{stage.folder / "records.db"}"', "")
    stage.config.write_text(f'{plain}\n[sessions]\nshape = "cookie"\n')
    assert "In cookie shape the store is memory:" in stage.run(*command, code=1)
