import pytest

from gateway.emulator.faults import Fault, Faults, fault_from


def test_an_order_needs_only_a_path() -> None:
    assert fault_from({"path": "/v1/events"}) == Fault("/v1/events", None, 0.0, 1, "before")


def test_an_order_is_told_as_it_was_given() -> None:
    fields = {"path": "/v1/events", "status": 503, "delay": 2.5, "times": 3, "when": "after"}
    fault = fault_from(fields)

    assert isinstance(fault, Fault)
    assert fault.described() == fields


@pytest.mark.parametrize(
    ("fields", "bad"),
    [
        ({}, "path"),
        ({"path": "v1"}, "path"),
        ({"path": "/", "status": 199}, "status"),
        ({"path": "/", "status": 600}, "status"),
        ({"path": "/", "status": "503"}, "status"),
        ({"path": "/", "status": True}, "status"),
        ({"path": "/", "delay": -1}, "delay"),
        ({"path": "/", "delay": 61}, "delay"),
        ({"path": "/", "times": 0}, "times"),
        ({"path": "/", "times": 1.5}, "times"),
        ({"path": "/", "when": "during"}, "when"),
        ({"path": "/", "when": ["after"]}, "when"),
        ({"path": "/", "when": None}, "when"),
    ],
)
def test_a_bad_field_is_named(fields: dict[str, object], bad: str) -> None:
    found = fault_from(fields)

    assert not isinstance(found, Fault)
    assert list(found) == [bad]


def test_orders_are_used_up_in_their_order() -> None:
    faults = Faults()
    faults.order(Fault("/a", 503, 0, 2))
    faults.order(Fault("/a", 500, 0, 1))
    faults.order(Fault("/b", 429, 0, 1))
    taken = [faults.take("/a") for _ in range(4)]

    assert [fault.status if fault else None for fault in taken] == [503, 503, 500, None]
    assert faults.take("/c") is None
    assert faults.take("/b") == Fault("/b", 429, 0, 1)
