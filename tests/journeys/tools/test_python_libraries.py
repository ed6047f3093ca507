"""OAuth libraries from PyPI, unchanged and by their own documentation, connect and call through the gateway."""

from collections.abc import Callable
from typing import Final

import pytest

from tests.journeys.custody import CUSTODIES
from tests.journeys.sdks.calls import Outcome
from tests.journeys.tools.api_steps import ToolJourney
from tests.journeys.tools.authlib_journey import AuthlibJourney
from tests.journeys.tools.httpx_oauth_journey import HttpxOauthJourney
from tests.journeys.tools.requests_oauthlib_journey import RequestsOauthlibJourney
from tests.journeys.tools.table import LIBRARY_CALLS
from tests.journeys.tools.walk import walk
from tests.journeys.world import World

BEGIN: Final[dict[str, Callable[[World, str], ToolJourney]]] = {
    "Authlib": AuthlibJourney,
    "requests-oauthlib": RequestsOauthlibJourney,
    "httpx-oauth": HttpxOauthJourney,
}


@pytest.fixture(scope="module", params=[(tool, custody) for tool in BEGIN for custody in CUSTODIES], ids="-".join)
def outcomes(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    """Make each journey once; the tests read how each call went."""
    tool, custody = request.param
    with pytest.MonkeyPatch.context() as patch:
        for name in ("OAUTHLIB_INSECURE_TRANSPORT", "OAUTHLIB_RELAX_TOKEN_SCOPE"):
            patch.setenv(name, "1")  # loopback speaks plain http; the scope grows by free_busy_write
        return walk(tmp_path_factory.mktemp(tool), BEGIN[tool], LIBRARY_CALLS, custody)


@pytest.mark.parametrize("name", LIBRARY_CALLS)
def test_an_oauth_library_of_python_makes_its_call(outcomes: dict[str, Outcome], name: str) -> None:
    assert outcomes[name].ok, outcomes[name].detail
