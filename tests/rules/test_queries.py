"""What the gateway owns in a query, no reader upstream may see in another way.

Rack is modelled here from its own sources, apart from the code under test: version 2 splits at `&` and `;` and peels
brackets off a name, version 3 splits at `&` only and takes brackets from the second character on.
"""

import re
from collections.abc import Callable
from urllib.parse import unquote_plus

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused
from gateway.rules.queries import owned_parameters, parse_query, printable, seen_names

OWNED = frozenset({"scope", "client_id", "state"})
Reader = Callable[[str], list[tuple[str, str]]]


def rack_2(query: str) -> list[tuple[str, str]]:
    """Return the top-level names that Rack 2 stores, each with the name as it was spelled."""
    seen = []
    for piece in re.split(r"[&;] *", query):
        name = unquote_plus(piece.partition("=")[0])
        match = re.match(r"[\[\]]*([^\[\]]+)\]*", name)
        if match:
            seen.append((match.group(1), name))
    return seen


def rack_3(query: str) -> list[tuple[str, str]]:
    """Return the same for Rack 3."""
    seen = []
    for piece in re.split(r"& *", query):
        name = unquote_plus(piece.partition("=")[0])
        start = name.find("[", 1)
        if name:
            seen.append((name[:start] if start > 0 and name[start:] != "[" else name, name))
    return seen


def lenient(query: str) -> list[tuple[str, str]]:
    """Return the same for a reader that trims blanks off names, as form parsers of frameworks do."""
    return [(name.strip(" \t\r\n\0"), spelled) for name, spelled in rack_2(query)]


READERS: tuple[Reader, ...] = (rack_2, rack_3, lenient)


def own(query: str) -> dict[str, str]:
    return {name: one.value for name, one in owned_parameters(parse_query(query), OWNED).items()}


ATOMS = [
    "scope",
    "client_id",
    "state",
    "x",
    "sc",
    "ope",
    "%73cope",
    "scop%65",
    "=",
    "=",
    "&",
    "&",
    ";",
    "%3B",
    "%26",
    "%3D",
    "[",
    "]",
    "[]",
    "%5B",
    "%5D",
    " ",
    "+",
    "%20",
    "%00",
    "%0a",
    "%09",
    "%",
    "\u00e9",
    ".",
]
QUERIES = st.lists(st.sampled_from(ATOMS), max_size=12).map("".join)


@given(QUERIES)
def test_no_reader_sees_an_owned_name_but_once_and_plain(query: str) -> None:
    """The one promise of this module: what we judged to be absent or single is so for Rack as well."""
    try:
        accepted = own(query)
    except RequestRefused:
        return

    for reader in READERS:
        seen = [(name, spelled) for name, spelled in reader(query) if name in OWNED]
        assert seen == [(name, name) for name, _ in seen]
        assert sorted(name for name, _ in seen) == sorted(accepted)


@pytest.mark.parametrize(
    "query",
    [
        "scope=a&scope=b",
        "scope=a&scope",
        "scope&scope",
        "scope[]=a",
        "scope[x]=a",
        "scope[=a",
        "scope]=a",
        "[scope]=a",
        "[]scope=a",
        "]]scope=a",
        "scope%5B%5D=a",
        "%5Bscope=a",
        "+scope=a",
        "%20scope=a",
        "scope+=a",
        "scope%00=a",
        "%00scope=a",
        "scope%0d%0a=a",
        "[+scope=a",
        "+[scope=a",
        "x=1;scope=a",
        "x=1;+scope=a",
        "x=1;scope[]=a",
        "x;scope",
        "scope;x=1",
        "scope;=",
        "scope[];x",
        "scope=a&scope;x=1",
        "scope=a&x=1;scope=b",
        "scope=a;scope=b",
        "scope=a;x=1;scope",
        "state=s;client_id=c",
        "client_id=c&s%63ope=a&scope=b",
    ],
)
def test_an_owned_name_in_another_spelling_is_refused(query: str) -> None:
    """A second value would go upstream beside ours; which one wins there is not ours to guess."""
    with pytest.raises(RequestRefused) as caught:
        own(query)

    assert caught.value.code is Code.PARAMETER_REPEATED


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {}),
        ("&&", {}),
        ("scope=", {"scope": ""}),
        ("scope", {"scope": ""}),
        ("scope=a+b%20c", {"scope": "a b c"}),
        ("scope=a=b", {"scope": "a=b"}),
        ("sc%6Fpe=a", {"scope": "a"}),
        ("state=a;b", {"state": "a;b"}),
        ("state=%3Bscope%3Dx", {"state": ";scope=x"}),
        ("state=%26scope%3Dx", {"state": "&scope=x"}),
        ("scopes=a&my_scope=b&Scope=c&scope.x=d&x[scope]=e", {}),
        ("scope=a&client_id=c&state=s&x=1&x=2", {"scope": "a", "client_id": "c", "state": "s"}),
    ],
)
def test_plain_parameters_are_read(query: str, found: dict[str, str]) -> None:
    assert own(query) == found


def test_a_refusal_does_not_repeat_the_value() -> None:
    with pytest.raises(RequestRefused) as caught:
        own("state=canary&state=canary")

    assert "canary" not in f"{caught.value.public}{caught.value.detail}"


@given(QUERIES)
def test_a_query_is_its_parameters(query: str) -> None:
    """No byte is lost, so that what we do not own can pass on as it came."""
    parameters = parse_query(query)

    assert [one.raw for one in parameters] == [piece for piece in query.split("&") if piece]
    assert all(one.raw_value in one.raw for one in parameters)


@given(QUERIES)
def test_seen_names_are_at_least_what_each_reader_sees(query: str) -> None:
    """A ruled field of a JSON body must not come by the query either."""
    seen = set[str]().union(*map(seen_names, parse_query(query)))

    for reader in READERS:
        assert {name for name, _ in reader(query)} & OWNED <= seen


@given(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E)))
def test_printable_text_stays_byte_for_byte(text: str) -> None:
    assert printable(text) == text


@given(st.binary(max_size=30))
def test_what_may_not_stand_in_a_header_is_percent_encoded(raw: bytes) -> None:
    """Damaged bytes of a request line reach us as lone surrogates; they go on as the bytes they were."""
    text = raw.decode("utf-8", "surrogateescape")
    assume("%" not in text)
    sent = printable(text)

    assert re.fullmatch(r"[\x21-\x7e]*", sent)
    assert re.sub(r"%([0-9A-F]{2})", lambda found: chr(int(found[1], 16)), sent).encode("latin-1") == raw
