"""Every link between the documents leads somewhere, to the heading that it names."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
_PAGES: Final = sorted(
    {*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("examples/*.md"), *ROOT.glob("examples/*/*.md")}
)
_LINK: Final = re.compile(r"\]\(\s*(?!https?:)([^)\s]+)\)")
_HEADING: Final = re.compile(r"^#+ (.*)$", re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub gives to a page's headings."""
    return {
        re.sub(r"[^\w\- ]", "", one.strip().lower()).replace(" ", "-") for one in _HEADING.findall(page.read_text())
    }


def broken(page: Path) -> Iterator[str]:
    for link in _LINK.findall(page.read_text(encoding="utf-8")):
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            yield link


@pytest.mark.parametrize("page", _PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    assert list(broken(page)) == []


def test_a_link_to_nothing_would_be_found(tmp_path: Path) -> None:
    """Else a change of the pattern could find no link at all."""
    page = tmp_path / "page.md"
    page.write_text(
        "# One heading\n[a](#one-heading) [b](#other) [c](gone.md) [d](page.md) [e](https://example.com/)\n"
    )
    assert list(broken(page)) == ["#other", "gone.md"]
