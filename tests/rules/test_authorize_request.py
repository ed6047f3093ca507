"""What the gateway owns in an authorize request is judged; everything else passes byte for byte."""

import re
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.authorize_request import (
    OWNED,
    Connect,
    check_redirect_uri,
    judge_authorize,
    read_authorize,
    refusal_url,
)
from gateway.rules.client import Application, Client, ClientId
from gateway.rules.data_centres import HOSTS, DataCentre
from gateway.rules.error_codes import Code
from gateway.rules.errors import AuthorizeRefused, RequestRefused
from gateway.rules.scopes import ScopePolicy

CALLBACK = "https://app.example.com/cb?tenant=1"
APPLICATION = Application("main", "cronofy-id", "CRN_canary", HOSTS[DataCentre.DE])
PLAIN = f"response_type=code&client_id=app&redirect_uri={quote(CALLBACK, safe='')}&scope=free_busy_write"
ENTERPRISE = PLAIN.replace("scope=free_busy_write", "scope=service_account%2Faccounts%2Fmanage")


def client(
    *,
    policy: ScopePolicy = ScopePolicy.REJECT,
    allowed: frozenset[str] = frozenset(),
    organization: bool = False,
    business: bool = False,
    loopback: bool = False,
) -> Client:
    return Client(
        id=ClientId("app"),
        secret_hashes=frozenset(),
        application="main",
        redirect_uris=("https://app.example.com/other", CALLBACK),
        any_loopback_redirect=loopback,
        scope_policy=policy,
        allowed_scopes=allowed,
        organization_connect=organization,
        business_connect=business,
    )


def judged(query: str, whose: Client | None = None, connect: Connect = Connect.INDIVIDUAL) -> str:
    return judge_authorize(read_authorize(query, connect), whose or client(), APPLICATION)


def refused(query: str, whose: Client | None = None, connect: Connect = Connect.INDIVIDUAL) -> AuthorizeRefused:
    with pytest.raises(AuthorizeRefused) as caught:
        judged(query, whose, connect)
    return caught.value


def test_a_request_goes_to_the_app_host_of_the_applications_data_centre() -> None:
    """The client's id is changed for Cronofy's; the redirect URI is the app's own."""
    url = urlsplit(judged(PLAIN))

    assert f"{url.scheme}://{url.netloc}{url.path}" == "https://app-de.cronofy.com/oauth/authorize"
    assert parse_qsl(url.query, strict_parsing=True) == [
        ("response_type", "code"),
        ("client_id", "cronofy-id"),
        ("redirect_uri", CALLBACK),
        ("scope", "free_busy_write"),
    ]


# What a raw query may hold in a value; `;` comes with names that nobody owns.
RAW = st.lists(
    st.sampled_from(
        ["a", "Z", "0", "%20", "+", "%2B", "%26", "%3D", "=", "%c3%a9", "%", "%zz", "~", "'", "(", ";b", "?", "/"]
    ),
    max_size=8,
).map("".join)
OTHERS = st.lists(
    st.tuples(st.sampled_from(["x", "locale", "avoid_linking", "link_token", "a[]", "code_challenge"]), RAW)
)


@given(RAW, OTHERS, st.sampled_from([PLAIN, PLAIN.replace("scope=", "delegated_scope=&scope=")]))
def test_state_and_unknown_parameters_survive_byte_for_byte(
    state: str, others: list[tuple[str, str]], query: str
) -> None:
    """The docs promise state unaltered, and a parameter newer than this gateway is not ours to judge."""
    pieces = [f"{name}={value}" for name, value in others]
    url = judged("&".join([*pieces[:1], query, f"state={state}", *pieces[1:]]))
    sent = url.partition("?")[2].split("&")[4:]

    assert sent == [*([f"state={state}"] if state else []), *pieces]


def test_characters_that_may_not_stand_in_a_location_are_encoded() -> None:
    """A state never ends the header it travels in (CVE-2023-27493)."""
    url = judged(PLAIN + "&state=a\r\nX: y\u00e9&x= ")

    assert url.endswith("&state=a%0D%0AX:%20y%C3%A9&x=%20")
    assert re.fullmatch(r"[\x21-\x7e]+", url)


@pytest.mark.parametrize("name", sorted(OWNED | {"state"}))
@pytest.mark.parametrize("spelling", ["&{0}=x&{0}=y", "&{0}[]=x", "&x=1;{0}=x", "&{0}=x&{0};y", "&%20{0}=x"])
def test_an_owned_parameter_in_another_spelling_is_refused_before_anything_else(name: str, spelling: str) -> None:
    with pytest.raises(RequestRefused) as caught:
        read_authorize(PLAIN + spelling.format(name), Connect.INDIVIDUAL)

    assert caught.value.code is Code.PARAMETER_REPEATED
    assert not isinstance(caught.value, AuthorizeRefused)


def test_empty_means_absent() -> None:
    """Pycronofy always sends `state=` and `provider_name=`, and avoid_linking with a capital letter."""
    url = judged(PLAIN + "&state=&provider_name=&avoid_linking=False&delegated_scope=")

    assert url.endswith("&scope=free_busy_write&provider_name=&avoid_linking=False")


@pytest.mark.parametrize(
    ("uri", "known"),
    [
        (CALLBACK, True),
        ("", False),
        ("https://app.example.com/cb", False),
        ("https://evil.example/cb", False),
        (CALLBACK + "&x=1", False),
        ("http://localhost:3000/", False),
    ],
)
def test_nobody_is_redirected_to_an_unregistered_uri(uri: str, known: bool) -> None:
    request = read_authorize(f"client_id=app&redirect_uri={quote(uri, safe='')}", Connect.INDIVIDUAL)

    if known:
        check_redirect_uri(request, client())
        return
    with pytest.raises(RequestRefused) as caught:
        check_redirect_uri(request, client())
    assert caught.value.code is Code.REDIRECT_URI_UNREGISTERED
    assert not isinstance(caught.value, AuthorizeRefused)
    assert "evil" not in caught.value.public


def test_a_client_under_development_may_use_loopback() -> None:
    request = read_authorize("client_id=app&redirect_uri=http%3A%2F%2Flocalhost%3A3000%2Fx", Connect.INDIVIDUAL)

    check_redirect_uri(request, client(loopback=True))
    with pytest.raises(RequestRefused):
        check_redirect_uri(request, client())


@pytest.mark.parametrize(
    ("query", "code"),
    [
        (PLAIN.replace("response_type=code", "response_type=token"), Code.UNSUPPORTED_RESPONSE_TYPE),
        (PLAIN.replace("response_type=code", "response_type=code+token"), Code.UNSUPPORTED_RESPONSE_TYPE),
        (PLAIN.replace("response_type=code", "response_type="), Code.INVALID_REQUEST),
        (PLAIN.replace("response_type=code&", ""), Code.INVALID_REQUEST),
        (PLAIN.replace("free_busy_write", "read_events"), Code.INVALID_SCOPE),
        (PLAIN.replace("free_busy_write", "free_busy_write%09x"), Code.INVALID_SCOPE),
        (PLAIN.replace("scope=free_busy_write", "scope="), Code.INVALID_SCOPE),
        (PLAIN.replace("&scope=free_busy_write", ""), Code.INVALID_SCOPE),
        (PLAIN + "&delegated_scope=free_busy", Code.INVALID_REQUEST),
    ],
)
def test_what_the_client_is_told_at_its_redirect_uri(query: str, code: Code) -> None:
    assert refused(query).code is code


def test_the_policy_add_completes_the_scope() -> None:
    query = PLAIN.replace("free_busy_write", "read_events+create_event")

    assert judged(query, client(policy=ScopePolicy.ADD)).endswith("&scope=read_events%20create_event%20free_busy_write")


def test_a_client_with_a_list_asks_for_nothing_else() -> None:
    """A link with more than that is refused even when free_busy_write is in it."""
    query = PLAIN.replace("free_busy_write", "free_busy_write+delete_event")

    assert refused(query, client(allowed=frozenset({"read_events"}))).code is Code.INVALID_SCOPE
    assert judged(query, client(allowed=frozenset({"delete_event"})))


def test_organization_connect_and_business_connect_are_for_clients_that_list_them() -> None:
    unit = PLAIN.replace("free_busy_write", "organizational_unit_scheduler")
    business = PLAIN + "&delegated_scope=free_busy"

    assert refused(unit).code is Code.INVALID_SCOPE
    assert judged(unit, client(organization=True)).endswith("scope=organizational_unit_scheduler")
    assert judged(business, client(business=True)).endswith("&scope=free_busy_write&delegated_scope=free_busy")
    assert refused(business + "%09x", client(business=True)).code is Code.INVALID_SCOPE


def test_enterprise_connect_asks_for_free_busy_write_in_the_delegated_scope() -> None:
    url = judged(ENTERPRISE + "&delegated_scope=read_only+free_busy_write&state=s", connect=Connect.ENTERPRISE)

    assert url.startswith("https://app-de.cronofy.com/enterprise_connect/oauth/authorize?response_type=code&")
    assert url.endswith(
        "&scope=service_account%2Faccounts%2Fmanage&delegated_scope=read_only%20free_busy_write&state=s"
    )


@pytest.mark.parametrize(
    "query",
    [
        ENTERPRISE,
        ENTERPRISE + "&delegated_scope=",
        ENTERPRISE + "&delegated_scope=read_only",
        PLAIN + "&delegated_scope=free_busy_write",
        ENTERPRISE.replace("manage", "manage+read_events") + "&delegated_scope=free_busy_write",
        ENTERPRISE.replace("scope=service_account", "x=service_account") + "&delegated_scope=free_busy_write",
    ],
)
def test_an_enterprise_request_without_it_is_refused(query: str) -> None:
    told = refused(query, connect=Connect.ENTERPRISE)

    assert told.code is Code.INVALID_SCOPE
    assert "delegated_scope" in told.public


def test_enterprise_connect_with_the_policy_add_completes_the_delegated_scope_only() -> None:
    url = judged(ENTERPRISE, client(policy=ScopePolicy.ADD), Connect.ENTERPRISE)

    assert url.endswith("&scope=service_account%2Faccounts%2Fmanage&delegated_scope=free_busy_write")


def told_at(query: str) -> str:
    return refusal_url(read_authorize(query, Connect.INDIVIDUAL), refused(query))


def test_a_refusal_is_told_with_the_state_byte_for_byte() -> None:
    """RFC 6749 section 4.1.2.1; the registered query of the redirect URI stays in front."""
    url = told_at(PLAIN.replace("free_busy_write", "x") + "&state=%7e%2B+a")

    assert url.startswith(CALLBACK + "&error=invalid_scope&error_description=The%20scope%20free_busy_write")
    assert url.endswith("&state=%7e%2B+a")


def test_a_redirect_uri_without_a_query_gets_one() -> None:
    query = PLAIN.replace(quote(CALLBACK, safe=""), quote("https://app.example.com/cb", safe="")).replace("=code", "=x")
    url = told_at(query)

    assert url.startswith("https://app.example.com/cb?error=unsupported_response_type&error_description=")
    assert "state=" not in url


@given(RAW, st.sampled_from(["x", "a b", "a&error=y", "free_busy\r\nX: y", "\u00e9", "#"]))
def test_a_refusal_fits_into_a_location(state: str, scope: str) -> None:
    url = told_at(PLAIN.replace("free_busy_write", quote(scope)) + f"&state={state}")
    fields = parse_qsl(urlsplit(url).query)

    assert re.fullmatch(r"[\x21-\x7e]+", url)
    assert urlsplit(url).hostname == "app.example.com"
    assert [value for name, value in fields if name == "error"] == ["invalid_scope"]


def test_the_applications_secret_never_leaves() -> None:
    assert "CRN_canary" not in judged(PLAIN)
