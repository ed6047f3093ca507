"""A complaint names the setting and, where it can be found, its line."""

import pytest

from gateway.config.complaint_places import complaint_of, with_line
from gateway.config.complaints import Complaint

TEXT = """public_url = "x"

[applications.main]
client_id = "a"
[clients."my-app"]
secrets = ["a"]
"""


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ("public_url", 1),
        ("applications.main.client_id", 4),
        ("clients.my-app.secrets", 6),
        ("clients.my-app.home", 5),  # not there, so its table
        ("clients.my-app", 5),
        ("proxy.lane", 0),
    ],
)
def test_the_line_is_that_of_the_setting_or_else_of_its_table(place: str, line: int) -> None:
    assert with_line(Complaint(place, "p", "h"), TEXT).line == line


def test_pydantics_complaint_says_where_and_what_to_do_and_not_what_was_there() -> None:
    told = complaint_of({"type": "missing", "loc": ("clients", "a", "x"), "msg": "Field required"})
    assert (told.place, told.problem, told.hint) == ("clients.a.x", "field required", "set it")
    odd = complaint_of({"type": "value_error", "loc": ("home",), "msg": "Value error, Must be a URL"}, "clients", "a")
    assert (odd.place, odd.problem) == ("clients.a.home", "must be a URL")
