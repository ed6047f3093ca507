"""Writes docs/performance.md and its picture from the results and the notes."""

from bench.proxying.drawings import draw
from bench.proxying.page import NOTES, PAGE, page
from bench.proxying.results import read


def report() -> None:
    """Write the page and its picture."""
    found = read()
    PAGE.write_text(page(found, NOTES.read_text(encoding="utf-8")), encoding="utf-8")
    draw(found, PAGE.parent / "images")
