"""Pages that people see."""

import base64
import hashlib
import re

from gateway.web.pages import POLICY, error_page


def test_the_policy_allows_exactly_the_pages_own_style() -> None:
    text, policy = error_page("Title", "Sentence.", "Way out.", "r-1")
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style.group(1).encode()).digest()).decode()
    assert policy == POLICY
    assert f"style-src 'sha256-{digest}'" in policy


def test_a_page_says_what_is_wrong_how_to_mend_it_and_its_request_id() -> None:
    text, _ = error_page("A <title>", "What & why.", "How.", "req-1")
    for part in ("A &lt;title&gt;", "What &amp; why.", "How.", "req-1", '<html lang="en">', "viewport"):
        assert part in text
