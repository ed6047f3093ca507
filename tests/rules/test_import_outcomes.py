"""What came of an import is counted and told without a token."""

from gateway.rules.import_outcomes import UNFINISHED, Outcome, Reason, Result, Tally, failed

RESULTS = (
    Result(1, Outcome.IMPORTED, "acc_1"),
    Result(2, Outcome.IMPORTED, "acc_2", (Reason.UNGRANTED, Reason.OTHER_MODE), "free_busy"),
    Result(3, Outcome.ALREADY_THERE, "acc_3"),
    failed(4, Reason.REFUSED, sub="acc_4"),
    failed(5, Reason.UNREADABLE, detail="it is not JSON"),
    failed(6, Reason.UNREADABLE, detail="refresh_token is missing"),
)


def tally(*results: Result) -> Tally:
    counted = Tally()
    for one in results:
        counted.add(one)
    return counted


def test_a_line_of_the_report_has_four_members() -> None:
    assert RESULTS[0].described() == {"line": 1, "sub": "acc_1", "outcome": "imported", "reason": ""}
    assert RESULTS[4].described()["reason"] == "the line cannot be used (it is not JSON)"
    assert RESULTS[1].text == f"{Reason.UNGRANTED}; {Reason.OTHER_MODE} (free_busy)"


def test_the_table_counts_outcomes_and_their_reasons() -> None:
    assert list(tally(*RESULTS).rows()) == [
        ("imported", "", 2),
        ("imported", Reason.UNGRANTED, 1),
        ("imported", Reason.OTHER_MODE, 1),
        ("already there", "", 1),
        ("failed", "", 3),
        ("failed", Reason.UNREADABLE, 2),
        ("failed", Reason.REFUSED, 1),
    ]
    assert tally(*RESULTS).total == 6


def test_nothing_failed_where_all_is_imported_or_there_already() -> None:
    assert tally(*RESULTS[:3]).is_clean
    assert tally().is_clean
    assert not tally(*RESULTS).is_clean


def test_another_persons_account_is_no_success() -> None:
    """Somebody has to look why the app has it under another name."""
    other = tally(Result(1, Outcome.OTHER_ACCOUNT, "acc_1", (Reason.OTHER_ACCOUNT,), "belongs to acc_1, not acc_2"))
    assert not other.is_clean
    assert list(other.rows())[2:4] == [("other account", "", 1), ("other account", Reason.OTHER_ACCOUNT, 1)]


def test_a_failure_that_another_run_mends_says_so() -> None:
    assert all("run the import again" in reason for reason in UNFINISHED)
