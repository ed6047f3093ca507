"""Where a complaint about the settings belongs: pydantic's own in our words, and the line of the file."""

import re
from typing import Any

from gateway.config.complaints import Complaint


def complaint_of(error: Any, *inside: str) -> Complaint:  # noqa: ANN401  pydantic's TypedDict
    """Return pydantic's complaint as one of ours; `inside` names the tables that it was found in."""
    place = ".".join(str(part) for part in (*inside, *error["loc"]) if part != "[key]")
    if error["type"] == "extra_forbidden":
        return Complaint(place, "is no setting", "check its spelling; config/gateway.example.toml has all of them")
    hints = {
        "missing": "set it",
    }
    message = str(error["msg"]).removeprefix("Value error, ")
    return Complaint(
        place, message[:1].lower() + message[1:], hints.get(error["type"], "see config/gateway.example.toml")
    )


def with_line(complaint: Complaint, text: str) -> Complaint:
    """Find the line of the file that a complaint is about: its key below its table, else its table."""
    *table, key = complaint.place.split(".")
    header, line_of_table, inside = ".".join(table), 0, not table
    for number, line in enumerate(text.splitlines(), start=1):
        if match := re.match(r"\s*\[([^\[\]]+)\]", line):
            name = match.group(1).replace('"', "").strip()
            inside = name == header
            if inside or name == complaint.place:
                line_of_table = number
        elif inside and re.match(rf'\s*"?{re.escape(key)}"?\s*=', line):
            return Complaint(complaint.place, complaint.problem, complaint.hint, complaint.fatal, number)
    return Complaint(complaint.place, complaint.problem, complaint.hint, complaint.fatal, line_of_table)
