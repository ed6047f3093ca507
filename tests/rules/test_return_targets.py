"""Where a browser may be sent back to: whatever is accepted leads to a registered origin, however it is read.

The second reader here is a browser's, written from the URL standard and apart from the code under test: it drops tabs
and line breaks, takes a backslash for a slash, and skips any number of slashes before the host.
"""

import re
from itertools import product
from urllib.parse import parse_qsl, quote, unquote, urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused
from gateway.rules.return_targets import origin_of, resolve_return_target, with_query

HOME = "https://app.example.com/start?tab=1"
ORIGINS = frozenset({"https://app.example.com", "https://beta.example.com:8443", "http://[::1]:3000"})
PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443, "ftp": 21}


def browser_origin(raw: str, base: str) -> str:
    """Return the origin that a browser resolves a reference to; an opaque one is its scheme alone."""
    text = re.sub(r"[\t\r\n]", "", raw.strip("".join(map(chr, range(0x21)))))
    match = re.match(r"([A-Za-z][A-Za-z0-9+.-]*):", text)
    base_scheme, _, base_rest = base.partition("://")
    scheme = match.group(1).lower() if match else base_scheme
    if scheme not in PORTS:
        return scheme
    rest = text[match.end() :] if match else text
    front = re.match(r"[^?#]*", rest)
    assert front is not None
    path = front.group().replace("\\", "/")
    absolute = path.startswith("//") or (match is not None and scheme != base_scheme)
    authority = path.lstrip("/").partition("/")[0] if absolute else base_rest.partition("/")[0]
    host, colon, port = authority.rpartition("@")[2].rpartition(":")
    if not colon or "]" in port:
        host, port = authority.rpartition("@")[2], ""
    if port.isdigit():
        port = "" if int(port) == PORTS[scheme] else str(int(port))
    return f"{scheme}://{unquote(host).lower()}{port and ':'}{port}"


@pytest.mark.parametrize(
    ("raw", "origin"),
    [
        ("/\\evil.test", "https://evil.test"),
        ("/\t/evil.test/x", "https://evil.test"),
        ("https:evil.test", "https://app.example.com"),
        ("http:evil.test", "http://evil.test"),
        ("https:///a@EVIL.test:443", "https://evil.test"),
        ("x:y", "x"),
        ("a/b", "https://app.example.com"),
    ],
)
def test_the_second_reader_reads_as_browsers_do(raw: str, origin: str) -> None:
    assert browser_origin(raw, HOME) == origin


def library_origin(raw: str, base: str) -> str:
    """Return the same as Python's own library reads it."""
    parts = urlsplit(urljoin(base, raw))
    return origin_of(parts.geturl())


def is_refused(raw: str) -> bool:
    try:
        found = resolve_return_target(raw, home=HOME, origins=ORIGINS)
    except RequestRefused as refused:
        return refused.code is Code.RETURN_TARGET_REFUSED
    for read in (browser_origin, library_origin):
        assert read(raw, HOME) in ORIGINS, raw
        assert read(found, "https://elsewhere.test/") in ORIGINS, raw
    assert re.fullmatch(r"[\x21-\x7e]+", found)  # one header line, whatever it holds
    return False


HOSTS = ["evil.test", "app.example.com.evil.test", "badexample.com", "app.example.com@evil.test", "evil.test:443"]
TAILS = ["", "/", "/app?x=https://app.example.com", "#app.example.com"]

# What stood before the host in published bypasses, and their like.
LEADS = [
    "//", "///", "////", "/\\", "\\/", "\\\\", "/\\/", "\\", "/\t/", "/\n/", "/\r/", "\t//", "\n//", " //", "/ /",
    "/%09/", "/%0a/", "/%0d/", "/%0d%0a/", "/%00/", "/%5c", "/%5C/", "%5c%5c", "/%255c", "/%25255c", "/%2525255c",
    "/%2f", "/%2F%2F", "//%2f", "/%252f", "/%25252f", "/%2525252F", "/%20/", "/%7f/", "/%1f/", "/%2509/", "/%250a/",
    "https:", "https:/", "https:///", "https:\\\\", "https:/\\", "http:", "ht\ttps://", "https:\n//", "https%3a//",
    "%68ttps://", "HTTPS://", "hTtP://", "https://", "http://", "ftp://", "ws://", "wss://", "https:////",
    "\u2028//", "\u3000//", "\ufeff//", "\xa0//", "\uff0f\uff0f", "\u2215\u2215", "/\u200b/", "/\uff3c",
    ".//", "..//", ";//", "&//",
]  # fmt: skip

OTHER_SCHEMES = [
    "javascript:alert(1)", "JavaScript:alert(1)", "java\tscript:alert(1)", "javascript://app.example.com/%0aalert(1)",
    "javascript:%61lert(1)", "\x01javascript:alert(1)", " javascript:alert(1)", "data:text/html,x", "DATA:text/html,x",
    "data:text/html;base64,PHNjcmlwdD4=", "vbscript:x", "file:///etc/passwd", "blob:https://app.example.com/1",
    "about:blank", "mailto:a@evil.test", "intent://evil.test#Intent;end", "view-source:https://app.example.com/",
    "ftp://app.example.com/", "ws://app.example.com/", "//app.example.com/", "app.example.com/", "evil.test", "?x=1",
    "#x", ".", "..", "./x", "../x", "x", "*", "https:app.example.com/", "https:/app.example.com/", "https://", "http://",
    "https:///", "https://?x", "https://#x", "://app.example.com", ":", "@evil.test", "\x00", "\ud800", "/\ud800",
]  # fmt: skip

LOOKALIKES = [
    "https://app.example.com.evil.test/", "https://badexample.com/", "https://xapp.example.com/", "https://example.com/",
    "https://app.example.com./", "https://app.example.com:444/", "https://app.example.com:8443/", "http://app.example.com/",
    "http://app.example.com:443/", "https://beta.example.com/", "https://beta.example.com:443/",
    "https://beta.example.com:84430/", "https://beta.example.com:99999/", "https://app.example.com:/",
    "https://app.example.com:0x1bb/", "https://app.example.com:443:443/", "https://app.example.com:443@evil.test/",
    "https://user@app.example.com/", "https://user:pw@app.example.com/", "https://@app.example.com/",
    "https://evil.test\\@app.example.com/", "https://evil.test\\.app.example.com/", "https://evil.test#@app.example.com/",
    "https://evil.test?@app.example.com/", "https://app.example.com\\.evil.test/", "https://app.example.com%2eevil.test/",
    "https://app.example.com%40evil.test/", "https://app.example.com%00.evil.test/", "https://app%2eexample.com/",
    "https://app.example.com\t.evil.test/", "https://app.example.com .evil.test/", "https://app.example.com;evil.test/",
    "https://app.example.com&evil.test/", "https://app.example.com,evil.test/", "https://app_example.com/",
    "https://\u0430pp.example.com/", "https://app\u3002example\u3002com/", "https://app.example.c\u043em/",
    "https://\uff41pp.example.com/", "https://app.ex\u00adample.com/", "https://xn--pp-6kc.example.com/", "http://[::1]/",
    "http://[::1]:3001/", "https://[::1]:3000/", "http://[::2]:3000/", "http://[::1%25eth0]:3000/", "http://[::1]evil.test/",
    "http://[::ffff:1.2.3.4]:3000/", "http://[evil.test]/", "http://127.0.0.1:3000/", "http://localhost:3000/", "http://1/",
]  # fmt: skip

CONTROLS = [chr(code) for code in (*range(0x21), 0x7F, 0x85, 0xA0, 0x2028, 0x3000, 0xFEFF)] + ['"', "<", ">", "\\"]


def encoded(text: str, layers: int) -> str:
    for _ in range(layers):
        text = quote(text, safe="") if "%" in text else "".join(f"%{byte:02x}" for byte in text.encode())
    return text


def attacks() -> list[str]:
    """Return several hundred targets, every one of which has to be refused."""
    led = [lead + host + tail for lead, host, tail in product(LEADS, HOSTS, TAILS)]
    own = [place.replace("_", one) for one in CONTROLS for place in ("/_", "/a_b", "https://app.example.com/_")]
    shown = ("//evil.test", "/\\evil.test", "\\\\evil.test", "/a\nb", "/\x00", "/\t/evil.test", "/a\\b")
    layered = [f"/{encoded(text[1:], layers)}" for text in shown for layers in range(1, 9)]
    long = ["/" + "a" * 2_000, "https://app.example.com/" + "a" * 2_000, "/" * 2_000, "/%" + "25" * 900 + "5c"]
    return [*led, *own, *layered, *long, *OTHER_SCHEMES, *LOOKALIKES]


def test_every_attack_is_refused() -> None:
    """CVE-2020-5233, CVE-2020-11053, CVE-2020-4037, CVE-2021-21291, CVE-2022-24794 and their like."""
    wanted = attacks()
    assert len(wanted) > 1_000
    assert [raw for raw in wanted if not is_refused(raw)] == []


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        ("", HOME),
        ("/", "https://app.example.com/"),
        ("/a/b?c=d&e=%20f#g", "https://app.example.com/a/b?c=d&e=%20f#g"),
        ("/a//b", "https://app.example.com/a//b"),
        ("/a?next=//b", "https://app.example.com/a?next=//b"),
        ("/a%2Fb", "https://app.example.com/a%2Fb"),
        ("/%C3%A9", "https://app.example.com/%C3%A9"),
        ("/a%25252520b", "https://app.example.com/a%25252520b"),
        ("/100%", "https://app.example.com/100%"),
        ("https://app.example.com", "https://app.example.com"),
        ("https://APP.example.com:443/x", "https://APP.example.com:443/x"),
        ("https://beta.example.com:8443/?x#y", "https://beta.example.com:8443/?x#y"),
        ("http://[::1]:3000/x", "http://[::1]:3000/x"),
    ],
)
def test_a_plain_target_is_taken_as_it_is(raw: str, found: str) -> None:
    assert resolve_return_target(raw, home=HOME, origins=ORIGINS) == found
    assert not is_refused(raw)


ATOMS = [
    *"/\\:@?#.%;&= \t\n\x00", "//", "https:", "http:", "app.example.com", "evil.test", "beta.example.com:8443", "%2f",
    "%5c", "%09", "%0a", "%25", "[::1]", ":443", ":8443", "a", "é", "\u3002", "javascript:",
]  # fmt: skip


@given(st.lists(st.sampled_from(ATOMS), max_size=10).map("".join) | st.text(max_size=30))
def test_whatever_is_accepted_leads_to_a_registered_origin(raw: str) -> None:
    is_refused(raw)


@given(st.lists(st.sampled_from(ATOMS), max_size=6).map("".join))
def test_nor_does_anything_after_a_good_beginning(tail: str) -> None:
    """Most of what is drawn freely is refused at its first letter; here the beginning is good."""
    for start in ("/", "/a", "https://app.example.com", "https://beta.example.com:8443", "https://app.example.com/"):
        is_refused(start + tail)


@pytest.mark.parametrize("home", ["javascript:alert(1)", "//evil.test/", "https://app.example.com\\@evil.test/", " "])
def test_the_default_is_judged_too(home: str) -> None:
    """CVE-2022-23527: the default of a redirect parameter was trusted."""
    with pytest.raises(RequestRefused):
        resolve_return_target("", home=home, origins=ORIGINS)


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://A.test/x", "https://a.test"),
        ("https://a.test:443", "https://a.test"),
        ("http://a.test:443", "http://a.test:443"),
        ("http://a.test:080/", "http://a.test"),
        ("http://[::1]:80/x", "http://[::1]"),
        ("http://[::1]:81/x", "http://[::1]:81"),
    ],
)
def test_an_origin_is_scheme_host_and_port(url: str, origin: str) -> None:
    assert origin_of(url) == origin


def test_what_went_wrong_stands_in_the_query_before_the_fragment() -> None:
    told = {"error": "access_denied", "error_description": "No & no #1"}

    assert with_query("https://a.test/x#y?z", told).endswith(
        "?error=access_denied&error_description=No+%26+no+%231#y?z"
    )
    assert with_query("https://a.test/x?b=c", {"d": "e"}) == "https://a.test/x?b=c&d=e"
    assert with_query("https://a.test/x#y", {}) == "https://a.test/x#y"


@given(st.dictionaries(st.text(min_size=1, max_size=5), st.text(max_size=8), max_size=3))
def test_added_parameters_change_neither_origin_path_nor_fragment(pairs: dict[str, str]) -> None:
    pairs = {
        name.encode(errors="ignore").decode(): text.encode(errors="ignore").decode() for name, text in pairs.items()
    }
    url = with_query(HOME + "#part", pairs)

    assert urlsplit(url)[:3] == urlsplit(HOME)[:3]
    assert urlsplit(url).fragment == "part"
    assert dict(parse_qsl(urlsplit(url).query, keep_blank_values=True)) == {"tab": "1", **pairs}
