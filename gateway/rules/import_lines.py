"""Reading one line of an import: a connection that another app's database holds.

Bytes in, an ImportLine or LineUnusable out. The sentence of a LineUnusable never quotes a value: whatever stands in a
file of tokens may be one.

Source: the members are those of Cronofy's token reply (https://docs.cronofy.com/developers/api/authorization/
request-token), under whose names apps keep them; `service_account_id` is Enterprise Connect's.
"""

import difflib
import re
from dataclasses import dataclass, field
from typing import Any, Final

from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused
from gateway.rules.json_text import parse_json

LONGEST_LINE: Final = 64 * 1024  # bytes; a real one has a few hundred, with calendars and all perhaps a few thousand
_TOKEN: Final = re.compile(r"[\x21-\x7e]{1,4096}")
_ACCOUNT: Final = re.compile(r"[a-z]{3}_[A-Za-z0-9_-]{1,128}")
_SCOPE: Final = re.compile(r"[\x20-\x7e]{0,4096}")
_TOKEN_NAME: Final = "refresh_token"  # noqa: S105  a member's name
_ACCOUNT_NAMES: Final = ("sub", "account_id", "service_account_id")
_LONGEST_MISSPELLING: Final = 20
_LIKENESS: Final = 0.8
_NOT_READ: Final = {
    Code.UNSUPPORTED_MEDIA_TYPE: "it is not UTF-8",
    Code.DUPLICATE_KEY: "it names a member more than once",
}


class LineUnusable(Exception):
    """A line that names no connection; the sentence never quotes it."""


@dataclass(frozen=True, slots=True)
class ImportLine:
    """What a line says.

    Attributes:
        refresh_token: never shown.
        account: `sub`, as the line has it; empty when it names none.
        scope: as the line has it; empty when it names none.
    """

    refresh_token: str = field(repr=False)
    account: str = ""
    scope: str = ""


def read_import_line(raw: bytes) -> ImportLine:
    """Read a line.

    Raises:
        LineUnusable: with what is wrong.
    """
    if len(raw) > LONGEST_LINE:
        raise LineUnusable(f"it is longer than {LONGEST_LINE} bytes")
    try:
        members = parse_json(raw)
    except RequestRefused as refused:
        raise LineUnusable(_NOT_READ.get(refused.code, "it is not JSON")) from None
    if not isinstance(members, dict):
        raise LineUnusable("it is not a JSON object")
    refresh_token = _refresh_token(members)
    account = _account(members)
    if account == refresh_token:
        raise LineUnusable("sub and refresh_token are the same")
    scope = members.get("scope")
    known = isinstance(scope, str) and _SCOPE.fullmatch(scope)
    return ImportLine(refresh_token, account, str(scope) if known else "")


def _refresh_token(members: dict[str, Any]) -> str:
    value = members.get(_TOKEN_NAME)
    if value is None or value == "":
        raise LineUnusable(_missing(members))
    if not isinstance(value, str) or not _TOKEN.fullmatch(value):
        raise LineUnusable("refresh_token is no token: a text of 1 to 4096 visible characters")
    return value


def _missing(members: dict[str, Any]) -> str:
    """Say that there is no refresh token, and which member may have been meant.

    Only a name that is nearly `refresh_token` is quoted: no token looks like that.
    """
    short = [name for name in members if len(name) <= _LONGEST_MISSPELLING and name.isascii() and name.isprintable()]
    plain = {name.lower().replace("-", "_"): name for name in short if name != _TOKEN_NAME}
    close = difflib.get_close_matches(_TOKEN_NAME, plain, n=1, cutoff=_LIKENESS)
    return "refresh_token is missing" + (f"; it has {plain[close[0]]} instead" if close else "")


def _account(members: dict[str, Any]) -> str:
    for name in _ACCOUNT_NAMES:
        value = members.get(name)
        if value is None or value == "":
            continue
        if not isinstance(value, str) or not _ACCOUNT.fullmatch(value):
            raise LineUnusable(f"{name} is no account's id, such as acc_…")
        return value
    return ""
