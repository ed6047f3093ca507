"""Writes docs/scaling.md and its pictures from the results."""

from bench.sessions.drawings import draw
from bench.sessions.page import PAGE, page
from bench.sessions.results import RESULTS, read


def report() -> None:
    """Write the page and its pictures."""
    found = read(RESULTS)
    PAGE.write_text(page(found), encoding="utf-8")
    draw(found, PAGE.parent / "images")
