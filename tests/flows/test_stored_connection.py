"""A connection as it rests says nothing of its tokens, and is named by client, application and account."""

from gateway.flows.stored_connection import Connection, connection_id
from tests.flows.fakes import client


def test_its_tokens_are_in_no_traceback() -> None:
    one = Connection("app", "main", "acc_1", "canary-access", "canary-refresh", 1.0, 0.0, "s")
    assert "canary" not in repr(one)
    assert "acc_1" in repr(one)


def test_client_application_and_account_make_its_name() -> None:
    """A client that moved to another application has none there."""
    names = {
        connection_id(client("a"), "acc_1"),
        connection_id(client("b"), "acc_1"),
        connection_id(client("a", application="other"), "acc_1"),
        connection_id(client("a"), "acc_2"),
    }
    assert len(names) == 4
