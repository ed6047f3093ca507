"""Commands set the log up for the whole process."""

from collections.abc import Iterator

import pytest

from tests.log_state import kept_log


@pytest.fixture(autouse=True)
def _log_as_it_was() -> Iterator[None]:
    with kept_log():
        yield
