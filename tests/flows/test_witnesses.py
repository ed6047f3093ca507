"""An entry bears witness for as long as that very entry stands there."""

from gateway.flows.witnesses import witness_of


def test_a_witness_lasts_as_long_as_its_entry_or_as_what_it_tells_of() -> None:
    entries = {"a": (10.0, "value")}
    for at_most, until in ((float("inf"), 10.0), (7.0, 7.0)):
        found = witness_of(entries, "a", at_most=at_most)
        assert found is not None
        assert (found.until, found.entry is entries["a"]) == (until, True)


def test_nothing_bears_witness_of_what_is_not_remembered() -> None:
    assert witness_of({}, "a") is None


def test_an_equal_entry_is_another_one() -> None:
    """Whoever writes a value anew may have changed what hangs on it."""
    entries = {"a": (10.0, ["value"])}
    found = witness_of(entries, "a")
    assert found is not None
    entries["a"] = (10.0, ["value"])
    assert found.entries[found.name] is not found.entry
