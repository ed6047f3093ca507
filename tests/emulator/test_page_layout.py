from gateway.emulator.page_layout import STYLESHEET_PATH, error_page, html_page
from tests.emulator.visitor import Visitor


def test_a_page_allows_no_script_and_no_inline_style() -> None:
    policy = html_page("T", "<p></p>").headers["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_titles_and_messages_are_escaped() -> None:
    page, error = html_page("<b>", ""), error_page("<script>")

    assert "<title>&lt;b&gt;</title>" in (page.text or "")
    assert "&lt;script&gt;" in (error.text or "")
    assert error.status == 400


def test_a_page_fits_a_phone_and_the_dark() -> None:
    text = html_page("T", "").text or ""

    assert 'name="viewport"' in text
    assert 'content="light dark"' in text


async def test_the_stylesheet_is_served_and_knows_the_dark_and_the_keyboard(visitor: Visitor) -> None:
    response = await visitor.open(STYLESHEET_PATH)
    text = await response.text()

    assert (response.status, response.content_type) == (200, "text/css")
    assert "prefers-color-scheme: dark" in text
    assert ":focus-visible" in text
