"""The table of docs/clients.md says no more than the journeys do."""

from tests.journeys.sdks.calls import NODE_CALLS, PYTHON_CALLS
from tests.journeys.tools import test_node_libraries, test_python_libraries, test_wire_replicas
from tests.journeys.tools.table import COLUMNS, REPLICA_CALLS, tools


def test_every_client_of_the_table_has_a_journey() -> None:
    libraries = {*test_python_libraries.BEGIN, *test_node_libraries.LIBRARIES}
    sdks = {"pycronofy (Python)", "cronofy (Node)"}
    assert {tool.name for tool in tools() if not tool.is_replica} == libraries | sdks
    assert {tool.name for tool in tools() if tool.is_replica} == set(test_wire_replicas.BEGIN) == set(REPLICA_CALLS)


def test_every_column_stands_for_a_call() -> None:
    assert set(COLUMNS.values()) <= {*PYTHON_CALLS, *NODE_CALLS}


def test_every_version_is_a_number() -> None:
    assert all(tool.version[0].isdigit() for tool in tools())
