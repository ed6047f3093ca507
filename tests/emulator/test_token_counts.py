from gateway.emulator.token_counts import TokenCounts


def test_the_counts_start_at_nothing_and_are_told_by_name() -> None:
    counts = TokenCounts()
    before = counts.described()
    counts.refreshes += 2

    assert before == {"refreshes": 0, "codes": 0, "refused": 0}
    assert counts.described() == before | {"refreshes": 2}
