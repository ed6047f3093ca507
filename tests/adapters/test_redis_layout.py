"""Records come back from their bytes as they were, and what a script touches lies in one slot."""

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.crc import key_slot

from gateway.adapters.redis_layout import (
    ALL_SHARDS,
    Shard,
    member_of,
    names_of,
    packed,
    shard_of,
    unpacked,
    without_version,
)
from gateway.flows.ports import Record

NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
RECORDS = st.builds(
    Record,
    st.binary(max_size=100),
    st.integers(0, 2**32 - 1),
    NAMES,
    NAMES,
    st.none() | st.floats(0, 1e11),
    NAMES,
)


@given(RECORDS)
def test_a_record_comes_back_from_its_bytes(record: Record) -> None:
    assert unpacked(packed(record)) == record
    assert packed(unpacked(packed(record))) == packed(record)
    assert packed(record).endswith(without_version(record))


def test_the_bytes_are_these() -> None:
    """They lie in servers: another form needs another number in front."""
    record = Record(b"sealed", 3, "app", "acc", 1.5, "k")
    names = b"\0\x03\0\x03\0\x01" + b"app" + b"acc" + b"k"
    assert packed(record) == b"\x01" + b"\0\0\0\x03" + b"\x3f\xf8\0\0\0\0\0\0" + names + b"sealed"


@pytest.mark.parametrize(
    "raw", [b"", b"\x01", packed(Record(b"", 1, "app"))[:-1], b"\x02" + packed(Record(b"", 1))[1:]]
)
def test_other_bytes_are_refused(raw: bytes) -> None:
    with pytest.raises(ValueError, match="record"):
        unpacked(raw)


@given(NAMES, NAMES)
def test_a_member_names_kind_and_id(kind: str, record_id: str) -> None:
    assert names_of(member_of(kind, record_id)) == (kind, record_id)


@pytest.mark.parametrize("shard", ALL_SHARDS, ids=lambda shard: shard.tag.decode())
def test_all_keys_of_a_shard_lie_in_one_slot(shard: Shard) -> None:
    """A cluster runs a script only over keys of one slot; braces in a name must not move its key."""
    keys = [*shard.indexes, shard.fence, shard.ping, shard.record(b"a\0{b}"), shard.lease("}{x}")]
    assert {key_slot(key) for key in keys} == {key_slot(b"{%s}" % shard.tag.strip(b"{}"))}
    assert len(set(keys)) == len(keys)


def test_a_lease_named_like_a_record_lies_with_it() -> None:
    """So that one script sees both."""
    assert shard_of("connection-1").lease("connection-1").startswith(shard_of("connection-1").tag)


def test_records_are_spread() -> None:
    assert {shard_of(str(number)) for number in range(300)} == set(ALL_SHARDS)


@pytest.mark.parametrize("nodes", range(2, 17))
def test_shards_are_spread_evenly_over_nodes_that_share_the_slots_evenly(nodes: int) -> None:
    on_each = Counter(key_slot(shard.tag) * nodes // 16_384 for shard in ALL_SHARDS)
    assert len(on_each) == nodes
    assert max(on_each.values()) == math.ceil(len(ALL_SHARDS) / nodes)


def test_names_stay_in_their_shards() -> None:
    """Another order would lose every record that is stored already."""
    tags = [shard_of(name).tag for name in ("a", "b", "connection-1", "ü")]
    assert tags == [b"{cgw:3}", b"{cgw:120}", b"{cgw:28}", b"{cgw:78}"]
