"""Wire replicas of the Ruby, PHP and C# SDKs and of omniauth-cronofy: what these send, byte by byte.

The packages cannot be installed from where the tests take theirs, so nothing of the SDKs runs: their requests do.
Habits that are tried elsewhere are not tried again: the Status line that Ruby reads in test_crossing_headers, states of
all kinds in test_bad_input_authorize, the Bearer None of Python and Node in test_bad_input_token, C#'s Content-Encoding
on a judged body in test_bad_bodies.
"""

from collections.abc import Callable
from typing import Final

import pytest

from tests.journeys.custody import CUSTODIES
from tests.journeys.sdks.calls import Outcome
from tests.journeys.tools.api_steps import ToolJourney
from tests.journeys.tools.csharp_replica import CSharpReplica
from tests.journeys.tools.omniauth_replica import OmniauthReplica
from tests.journeys.tools.php_replica import PhpReplica
from tests.journeys.tools.ruby_replica import RubyReplica
from tests.journeys.tools.table import REPLICA_CALLS
from tests.journeys.tools.walk import walk
from tests.journeys.world import World

BEGIN: Final[dict[str, Callable[[World, str], ToolJourney]]] = {
    "Ruby": RubyReplica,
    "PHP": PhpReplica,
    "C#": CSharpReplica,
    "omniauth-cronofy": OmniauthReplica,
}
_JOURNEYS: Final = [(sdk, custody, name) for sdk in BEGIN for custody in CUSTODIES for name in REPLICA_CALLS[sdk]]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], dict[str, Outcome]]:
    """Make each journey once, when it is first asked for; the tests read how each call went."""
    made: dict[tuple[str, str], dict[str, Outcome]] = {}

    def of(sdk: str, custody: str) -> dict[str, Outcome]:
        if (sdk, custody) not in made:
            made[sdk, custody] = walk(tmp_path_factory.mktemp("replica"), BEGIN[sdk], REPLICA_CALLS[sdk], custody)
        return made[sdk, custody]

    return of


@pytest.mark.parametrize(("sdk", "custody", "name"), _JOURNEYS)
def test_a_wire_replica_makes_its_call(
    outcomes: Callable[[str, str], dict[str, Outcome]], sdk: str, custody: str, name: str
) -> None:
    outcome = outcomes(sdk, custody)[name]
    assert outcome.ok, outcome.detail
