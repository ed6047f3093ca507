"""Every string that others depend on, in one place. A change here is a change for every user."""

from gateway.config import ProxySection
from gateway.rules import headers
from gateway.rules.access_mode import AccessMode
from gateway.rules.authorize_request import PATHS
from gateway.rules.callback_signatures import SIGNATURE_HEADER
from gateway.rules.callback_urls import CALLBACK_PREFIX
from gateway.rules.scopes import FREE_BUSY_WRITE, ORGANIZATION
from gateway.web.engine_listener import CHECK, FORWARDED_METHOD, FORWARDED_URI


def test_modes() -> None:
    assert [str(mode) for mode in AccessMode] == ["read_write", "free_busy", "no_access", "unknown", "not_applicable"]


def test_headers() -> None:
    assert ProxySection().mode_header == "Cronofy-Access-Mode"
    assert headers.GATEWAY_ERROR == "Gateway-Error"
    assert headers.GATEWAY_ACCOUNT == "Gateway-Account"
    assert headers.ENGINE_KEY == "Gateway-Engine-Key"
    assert headers.CHECKED_METHOD == "Gateway-Checked-Method"
    assert headers.REQUEST_ID == "X-Request-Id"
    assert headers.VIA == "1.1 cronofy-gateway"


def test_scopes() -> None:
    assert (FREE_BUSY_WRITE, ORGANIZATION) == ("free_busy_write", "organizational_unit_scheduler")


def test_paths() -> None:
    assert sorted(PATHS.values()) == ["/enterprise_connect/oauth/authorize", "/oauth/authorize"]
    assert CALLBACK_PREFIX == "/auth/callbacks/"
    assert (CHECK, FORWARDED_METHOD, FORWARDED_URI) == ("/check", "X-Forwarded-Method", "X-Forwarded-Uri")


def test_signatures() -> None:
    assert SIGNATURE_HEADER == "Cronofy-HMAC-SHA256"
