"""The settings of a client as the command line names them: in options, in a file, or in both."""

import json
import tomllib
from pathlib import Path
from typing import Any


class TableUnusable(Exception):
    """The file holds no table of settings; the sentence says why."""


def read_table(file: Path | None, options: dict[str, Any]) -> dict[str, Any]:
    """Return what a `[clients.ID]` table would hold; an option wins over the file.

    Args:
        file: TOML, or JSON where its name ends so.
        options: by the settings' names; those that are empty were not given.

    Raises:
        TableUnusable: the file cannot be read or holds something else.
    """
    given = {name: value for name, value in options.items() if value not in (None, "", [], False)}
    return {**(_read(file) if file else {}), **given}


def _read(file: Path) -> dict[str, Any]:
    try:
        text = file.read_text(encoding="utf-8")
        table = json.loads(text) if file.suffix == ".json" else tomllib.loads(text)
    except OSError as error:
        raise TableUnusable(f"{file} cannot be read: {error.strerror}") from None
    except ValueError as error:  # of both parsers, and of UTF-8
        raise TableUnusable(f"{file} cannot be read: {error}") from None
    if not isinstance(table, dict):
        raise TableUnusable(f"{file} holds no table of settings")
    return table
