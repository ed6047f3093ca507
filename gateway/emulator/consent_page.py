"""The page on which a person picks a calendar account, a provider and, if asked for, an access mode.

Source of the modes' wording: https://docs.cronofy.com/developers/authorization/access-modes
"""

from collections.abc import Iterable
from html import escape
from typing import Final

from aiohttp import web

from gateway.emulator.authorize_request import AuthorizeRequest
from gateway.emulator.autoconsent import DEFAULT_EMAIL
from gateway.emulator.identities import Mode, Provider, pinned_by
from gateway.emulator.page_layout import html_page

_PROVIDERS: Final[dict[Provider, str]] = {
    "google": "Google",
    "microsoft": "Microsoft 365",
    "apple": "Apple iCloud",
    "exchange": "Microsoft Exchange",
}
_MODES: Final[dict[Mode, tuple[str, str]]] = {
    "read_write": ("Read-Write", "Cronofy reads the calendar and writes events into it."),
    "free_busy": ("Free/Busy", "Cronofy sees only when you are busy. Google and Microsoft 365 only."),
    "no_access": ("No-Access", "Cronofy sees no calendar of yours. Events arrive by e-mail."),
}


def consent_page(
    asked: AuthorizeRequest, *, known_emails: Iterable[str], complaint: str = "", email: str = DEFAULT_EMAIL
) -> web.Response:
    """Show the page.

    Args:
        asked: what the app asks for.
        known_emails: offered as suggestions.
        complaint: what was wrong with the form that was just sent, or an empty text.
        email: what the e-mail field starts with.
    """
    pinned = pinned_by(asked.provider_name)
    options = "".join(f'<option value="{escape(known)}">' for known in sorted(set(known_emails)))
    scope = f"{asked.scope} for {asked.delegated_scope}" if asked.delegated_scope else asked.scope
    body = "\n".join(
        [
            f"<h1>{'Connect an organisation' if asked.is_enterprise else 'Connect a calendar'}</h1>",
            f"<p>The emulated application asks for <code>{escape(scope)}</code>.</p>",
            f'<p role="alert">{escape(complaint)}</p>' if complaint else "",
            # No action: the form goes back to this very URL, so the request is checked once more as it was.
            '<form method="post">',
            '<div class="field"><label for="email">E-mail address</label>',
            '<input id="email" name="email" type="email" list="known" required autocomplete="off"',
            f'value="{escape(email)}">',
            f'<datalist id="known">{options}</datalist></div>',
            _providers(pinned.provider, is_fixed=pinned.mode == "free_busy") if pinned.mode != "no_access" else "",
            _modes(pinned.mode) if asked.offers_modes or pinned.mode else "",
            '<div class="buttons">',
            '<button class="primary" name="decision" value="allow">Allow</button>',
            '<button name="decision" value="decline" formnovalidate>Decline</button>',
            "</div>\n</form>",
        ]
    )
    return html_page("Connect a calendar", body, status=422 if complaint else 200)


def _providers(chosen: Provider | None, *, is_fixed: bool) -> str:
    offered = {chosen: _PROVIDERS[chosen]} if is_fixed and chosen else _PROVIDERS
    selected = chosen or "google"
    radios = [_radio("provider", value, label, "", value == selected) for value, label in offered.items()]
    return "<fieldset><legend>Calendar provider</legend>" + "".join(radios) + "</fieldset>"


def _modes(fixed: Mode | None) -> str:
    offered = {fixed: _MODES[fixed]} if fixed else _MODES
    selected = fixed or "read_write"
    radios = [_radio("mode", value, *words, value == selected) for value, words in offered.items()]
    return "<fieldset><legend>Calendar access</legend>" + "".join(radios) + "</fieldset>"


def _radio(name: str, value: str, label: str, hint: str, is_selected: bool) -> str:  # noqa: FBT001 - one of five
    identifier = f"{name}-{value}"
    checked = " checked" if is_selected else ""
    small = f"<small>{escape(hint)}</small>" if hint else ""
    return (
        f'<label class="choice" for="{identifier}"><input type="radio" id="{identifier}" name="{name}" '
        f'value="{value}"{checked}><span>{escape(label)}{small}</span></label>'
    )
