"""The documentation says what the code does: every code, event, metric, operation and setting."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from gateway.config import ApplicationSettings, ClientSettings, Settings
from gateway.observe import events
from tests.house.doc_tables import DOCS, TABLES, with_table

ROOT = Path(__file__).parents[2]
EXAMPLE = (ROOT / "config" / "gateway.example.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", TABLES)
def test_a_table_in_the_docs_is_the_codes_own(name: str) -> None:
    """Run `make docs` when this fails."""
    page, make = TABLES[name]
    text = (DOCS / page).read_text(encoding="utf-8")
    assert with_table(text, name, make()) == text


def test_every_event_name_is_listed() -> None:
    constants = {value for name, value in vars(events).items() if name.isupper() and isinstance(value, str)}
    assert constants == set(events.EVENTS)


def _fields(model: type[BaseModel], table: str = "") -> Iterator[tuple[str, str]]:
    """Yield (table, key) of every setting."""
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from _fields(inner, name)
        elif name == "applications":
            yield from _fields(ApplicationSettings, "applications.main")
        elif name == "clients":
            yield from _fields(ClientSettings, "clients.my-app")
        else:
            yield table, name


SETTINGS = sorted(_fields(Settings))


@pytest.mark.parametrize(("table", "key"), SETTINGS)
def test_every_setting_is_in_the_example(table: str, key: str) -> None:
    """Optional ones stand there as comments, under their own table."""
    inside = not table
    for line in EXAMPLE.splitlines():
        if line.startswith("["):
            inside = line == f"[{table}]"
        elif inside and line.removeprefix("# ").startswith(f"{key} = "):
            return
    pytest.fail(f"config/gateway.example.toml lacks {key} in [{table}]")


def test_every_setting_has_a_description() -> None:
    def described(model: type[BaseModel]) -> None:
        for name, field in model.model_fields.items():
            inner = field.annotation
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                described(inner)
            else:
                assert field.description, f"{model.__name__}.{name}"

    for model in (Settings, ApplicationSettings, ClientSettings):
        described(model)


def test_the_example_is_toml() -> None:
    assert tomllib.loads(EXAMPLE)["public_url"]
