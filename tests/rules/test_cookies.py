"""Our cookies in the raw header: named, found, and cut out without touching anybody else's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.cookies import CookieNames, cookie_pairs, single_cookie, without_ours
from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused

SECURE, PLAIN = CookieNames(secure=True), CookieNames(secure=False)

# What other people's cookies look like: quotes, equals signs, blanks and nothing at all included.
_NAMES = st.text("abcxyz_-.[]", min_size=1, max_size=8).filter(
    lambda name: not name.startswith(("gateway-", "gwflow-"))
)
_VALUES = st.text('abc=" ,%/\\é', max_size=8)
_THEIRS = st.builds(lambda name, value: f"{name}={value}", _NAMES, _VALUES)
_OURS = st.builds(
    lambda name, value: f"{name}={value}",
    st.sampled_from(["__Host-gateway-app", "gateway-app", "__Host-gwflow-1-ab", "gwflow-1-ab", "__Host-gateway-"]),
    st.text("abc_-=", max_size=8),
)


def test_the_prefix_follows_the_public_url() -> None:
    """Browsers then insist on Secure, Path=/ and no Domain, so that no neighbour can plant one."""
    assert SECURE.session("app") == "__Host-gateway-app"
    assert SECURE.flow("1-ab") == "__Host-gwflow-1-ab"
    assert (PLAIN.session("app"), PLAIN.flow("1-ab")) == ("gateway-app", "gwflow-1-ab")


@pytest.mark.parametrize(
    "headers",
    [
        ["__Host-gateway-app=one; __Host-gateway-app=two"],
        ["__Host-gateway-app=one", "a=b; __Host-gateway-app=one"],
        ["__Host-gateway-app=;__Host-gateway-app\t=one"],
    ],
)
def test_two_cookies_of_a_name_are_refused(headers: list[str]) -> None:
    """One of them was planted, and «first wins» or «last wins» would pick for the attacker."""
    with pytest.raises(RequestRefused) as caught:
        single_cookie(headers, "__Host-gateway-app")
    assert caught.value.code == Code.COOKIE_REPEATED


def test_one_cookie_is_found_among_others_and_under_its_exact_name() -> None:
    header = "a=b; x__Host-gateway-app=no; __Host-gateway-app=yes=; __Host-gateway-app2=no; __host-gateway-app=no"

    assert single_cookie([header], "__Host-gateway-app") == "yes="
    assert single_cookie([header], "__Host-gateway-other") is None
    assert single_cookie([], "__Host-gateway-app") is None


def test_other_peoples_doubled_cookies_are_no_concern() -> None:
    assert single_cookie(["a=1; a=2; __Host-gateway-app=x"], "__Host-gateway-app") == "x"


@pytest.mark.parametrize("header", ["", ";;;", "=", "a", "a;b;c", " = ; =", "\udcff=\udcfe", "x" * 65_536, ";" * 9_999])
def test_a_crafted_header_is_read_like_any_other(header: str) -> None:
    """CVE-2023-28625: names without values, empty pieces, bytes that are no text, and a very long one."""
    assert single_cookie([header], "__Host-gateway-app") is None
    assert SECURE.clients([header]) == []
    assert SECURE.flow_ids([header]) == []
    assert without_ours(header) == header


def test_clients_and_flows_are_told_from_the_names() -> None:
    header = "__Host-gateway-b=1; __Host-gwflow-2-bb=x; gateway-c=1; __Host-gateway-a=1; __Host-gwflow-1-aa=x"

    assert SECURE.clients([header, "__Host-gateway-a=2"]) == ["a", "b"]
    assert SECURE.flow_ids([header]) == ["1-aa", "2-bb"]
    assert PLAIN.clients([header]) == ["c"]


@pytest.mark.parametrize("flow_id", ["(", "1-aa[", "\udcff", "1-aa/../x", "", "1-", "-aa", "x" * 99])
def test_a_flow_id_that_is_not_of_our_making_is_left_out(flow_id: str) -> None:
    """Its cookie is dropped by name when there are too many; a name that cannot be written would fail the login."""
    assert SECURE.flow_ids([f"__Host-gwflow-{flow_id}=x; __Host-gwflow-65a-0c=x"]) == ["65a-0c"]


@given(st.lists(_THEIRS | _OURS, max_size=8))
def test_ours_are_cut_out_and_all_others_keep_their_bytes(pieces: list[str]) -> None:
    """Cronofy never sees a handle, and an app's own cookies arrive as it set them."""
    left = without_ours(";".join(pieces))

    assert "gateway-" not in left
    assert "gwflow-" not in left
    theirs = [piece for piece in pieces if not piece.removeprefix("__Host-").startswith(("gateway-", "gwflow-"))]
    if len(theirs) == len(pieces):
        assert left == ";".join(pieces)
    assert left.strip(" \t;") == ";".join(theirs).strip(" \t;")


@given(st.lists(_THEIRS, min_size=1, max_size=6), _OURS, st.integers(0, 6))
def test_what_surrounds_a_cut_cookie_is_seen_as_before(theirs: list[str], ours: str, place: int) -> None:
    pieces = [*theirs[:place], ours, *theirs[place:]]

    assert cookie_pairs([without_ours("; ".join(pieces))]) == cookie_pairs(["; ".join(theirs)])


def test_a_cookie_without_a_value_is_cut_out_as_well() -> None:
    assert without_ours("gateway-app; a=b") == "a=b"
    assert without_ours("__Host-gateway-app=x") == ""
