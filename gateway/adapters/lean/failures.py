"""The words of a call that Cronofy did not answer, or not as it should."""

from collections.abc import Callable

from gateway.rules.error_codes import Code
from gateway.rules.errors import CronofyUnavailable


def unreachable(detail: str) -> CronofyUnavailable:
    """Make the error of a call that was not carried out; `detail` is for the log."""
    return told(Code.UPSTREAM_UNREACHABLE, detail)()


def told(code: Code, detail: str) -> Callable[[], CronofyUnavailable]:
    """Return what makes the error; it is raised, and logged, where somebody waits for the answer."""

    def make() -> CronofyUnavailable:
        public = "Cronofy did not answer in time." if code is Code.UPSTREAM_TIMEOUT else "Cronofy could not be reached."
        return CronofyUnavailable(code, public, detail=detail, headers={"Retry-After": "5"})

    return make
