"""Reading the settings and complaining about all that is wrong with them, at once: what, where, and how to mend it."""

import tomllib
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from pydantic import ValidationError

from gateway.config import ApplicationSettings, ClientSettings, Settings, settings_from
from gateway.config.complaint_places import complaint_of, with_line
from gateway.config.complaints import Complaint, SettingsInvalid
from gateway.config.cookie_shape import complaints_about_cookie_shape
from gateway.config.engine_listener import complaints_about_engine, engine_key
from gateway.config.operation_names import complaints_about_operations
from gateway.config.same_applications import complaints_about_same_applications
from gateway.config.secret_files import Secrets
from gateway.config.watched_files import files_of
from gateway.rules.callback_urls import LONGEST_AT_CRONOFY, is_too_long
from gateway.rules.client import Custody
from gateway.rules.redirect_uris import complaint_about
from gateway.rules.store_urls import MEMORY, complaint_about_store_url
from gateway.sites import complaint_about_page, complaint_about_url

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "[::1]", "::1"})
__all__ = [
    "Checked",
    "Complaint",
    "SettingsInvalid",
    "check_client",
    "check_settings",
    "check_whole",
    "complaint_of",
    "load_settings",
]

DEFAULT_STORE: Final = "sqlite:///cronofy-gateway.db"
_NO_CLIENTS: Final = Complaint(
    "clients", "is empty", "add [clients.my-app], or make clients with: cronofy-gateway clients add", fatal=False
)


@dataclass(frozen=True, slots=True)
class Checked:
    """Settings that can be used, with the secrets read from their files.

    Attributes:
        settings: as read.
        application_secrets: by the application's name.
        other_application_secrets: the second ones, by the application's name; empty where there is none.
        client_secrets: by client id.
        key_ring: in its written form.
        store_url: the record store's, with its password where it has one; `memory:` in cookie shape.
        warnings: what is allowed, yet deserves a word.
        engine_key: what an engine shows; empty where none may ask.
    """

    settings: Settings
    application_secrets: dict[str, str]
    other_application_secrets: dict[str, str]
    client_secrets: dict[str, tuple[str, ...]]
    key_ring: str
    store_url: str
    warnings: tuple[Complaint, ...]
    engine_key: str = field(default="", repr=False)


def load_settings(path: Path) -> Checked:
    """Read a settings file and check it whole.

    Raises:
        SettingsInvalid: with every complaint, each with the line of the file where it is known.
    """
    try:
        text = path.read_text(encoding="utf-8")
        data = tomllib.loads(text)
    except OSError as error:
        raise SettingsInvalid(
            [Complaint(str(path), f"cannot be read: {error.strerror}", "name a file with --config")]
        ) from None
    except UnicodeDecodeError:
        raise SettingsInvalid([Complaint(str(path), "is not UTF-8", "save it as UTF-8")]) from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsInvalid([Complaint(str(path), f"is not TOML: {error}", "mend the line that is named")]) from None
    try:
        checked = check_settings(data)
    except SettingsInvalid as invalid:
        raise SettingsInvalid([with_line(one, text) for one in invalid.complaints], invalid.files) from None
    return replace(checked, warnings=tuple(with_line(one, text) for one in checked.warnings))


def check_settings(data: dict[str, Any]) -> Checked:
    """Check settings given as values.

    Raises:
        SettingsInvalid: with every complaint.
    """
    try:
        settings = settings_from(data)
    except ValidationError as error:
        raise SettingsInvalid(
            [complaint_of(one) for one in error.errors(include_input=False, include_url=False)]
        ) from None
    return check_whole(settings)


def check_whole(settings: Settings) -> Checked:
    """Check settings that are in form: read their secrets, and judge what only shows when all is seen together.

    Raises:
        SettingsInvalid: with every complaint, and with the files that were looked into.
    """
    reader = Secrets(lenient=_is_all_loopback(settings))
    applications = {
        name: reader.one(f"applications.{name}.client_secret", one.client_secret, one.client_secret_file)
        for name, one in settings.applications.items()
    }
    others = {
        name: reader.any_one(
            f"applications.{name}.other_client_secret", one.other_client_secret, one.other_client_secret_file
        )
        for name, one in settings.applications.items()
    }
    ring = reader.text("keys.ring", settings.keys.ring, settings.keys.ring_file)
    store_url = reader.text("store.url", settings.store.url, settings.store.url_file) or DEFAULT_STORE
    key = engine_key(settings, reader)
    is_lasting = settings.sessions.shape != "cookie" and store_url != MEMORY
    clients = {
        name: reader.many(
            f"clients.{name}.secrets",
            one.secrets,
            one.secrets_file,
            missing=f"issue one with: cronofy-gateway clients secret {name}" if is_lasting else "",
        )
        for name, one in settings.clients.items()
    }
    found = [
        *reader.complaints,
        *_check_ring(ring, reader.complaints),
        *_check_store(store_url),
        *_check_workers(settings, store_url),
        *complaints_about_cookie_shape(settings),
        *complaints_about_engine(settings),
        *chain.from_iterable(_rules(settings)),
        *_shared(clients),
    ]
    if any(one.fatal for one in found):
        raise SettingsInvalid(found, files_of(settings))
    if settings.sessions.shape == "cookie":
        store_url = MEMORY  # nothing lies on a disk, whatever is named
    return Checked(settings, applications, others, clients, ring, store_url, tuple(found), key)


def may_post_to_private(settings: Settings) -> bool:
    """Say whether callbacks may go on to addresses that are not on the open internet."""
    return settings.callbacks.private_addresses or is_on_loopback(settings)


def is_on_loopback(settings: Settings) -> bool:
    """Say whether the gateway is reached on this machine only: development."""
    return urlsplit(settings.public_url).hostname in LOOPBACK


def _is_all_loopback(settings: Settings) -> bool:
    """Say whether gateway and upstream are both on this machine, so that a weak secret can do no harm."""
    hosts = [settings.listen.host, urlsplit(settings.public_url).hostname or ""]
    urls = [one.emulator_url for one in settings.applications.values()]
    hosts += [urlsplit(url).hostname or "" if url else "" for url in urls]
    return all(host in LOOPBACK for host in hosts)


def _check_ring(ring: str, before: list[Complaint]) -> list[Complaint]:
    if ring or any(one.place.startswith("keys.ring") for one in before):
        return []
    return [Complaint("keys.ring", "is missing", "make a key with: cronofy-gateway keys generate")]


def _check_store(url: str) -> list[Complaint]:
    problem = complaint_about_store_url(url)
    return [Complaint("store.url", problem, "see docs/stores.md for the forms of each engine")] if problem else []


def _rules(settings: Settings) -> list[list[Complaint]]:
    """Collect what only shows when settings are seen together."""
    return [
        _check_public_url(settings),
        _check_callbacks(settings),
        [] if settings.applications else [Complaint("applications", "is empty", "add [applications.main]")],
        [] if settings.clients else [_NO_CLIENTS],
        complaints_about_same_applications(settings),
        *(_check_application(name, one, settings) for name, one in settings.applications.items()),
        *(check_client(name, one, settings) for name, one in settings.clients.items()),
    ]


def _check_callbacks(settings: Settings) -> list[Complaint]:
    """Check what the callbacks of delegated accounts need where this gateway takes them."""
    found = []
    if settings.callbacks.private_addresses and not is_on_loopback(settings):
        problem = "lets every app make the gateway post into its own network"
        found.append(Complaint("callbacks.private_addresses", problem, "leave it off where you can", fatal=False))
    keeps = [name for name, one in settings.clients.items() if one.custody is Custody.GATEWAY]
    if keeps and is_too_long(settings.public_url):
        problem = f"makes callback URLs longer than Cronofy takes ({LONGEST_AT_CRONOFY} characters)"
        found.append(Complaint("public_url", problem, f'use a shorter host, or custody = "client" for {keeps[0]}'))
    return found


def _check_public_url(settings: Settings) -> list[Complaint]:
    url = urlsplit(settings.public_url)
    if url.scheme == "https":
        return []
    if url.hostname in LOOPBACK:
        return [Complaint("public_url", "is plain http, on loopback only", "use https in production", fatal=False)]
    return [Complaint("public_url", "is plain http", "use https; plain http is for loopback addresses only")]


def _check_workers(settings: Settings, store_url: str) -> list[Complaint]:
    """Name what several processes cannot share."""
    alone = (("store.url", store_url, "memory:"), ("operations.port", settings.operations.port, 0))
    return [
        Complaint(place, f"is {value} with several workers: each would have its own", "choose another, or workers = 1")
        for place, value, unshared in alone
        if settings.workers > 1 and value == unshared
    ]


def _check_application(name: str, one: ApplicationSettings, settings: Settings) -> list[Complaint]:
    if one.emulator_url and urlsplit(settings.public_url).hostname not in LOOPBACK:
        problem, hint = "is set although the gateway is public", "leave it out in production"
        return [Complaint(f"applications.{name}.emulator_url", problem, hint, fatal=False)]
    return []


def check_client(name: str, one: ClientSettings, settings: Settings) -> list[Complaint]:
    """Return what is to be said about a client among these settings, which need not hold it."""
    place = f"clients.{name}"
    found = [
        Complaint(f"{place}.redirect_uris", f"{uri!r} {problem}", "mend it or take it out")
        for uri in one.redirect_uris
        if (problem := complaint_about(uri, wildcards=one.redirect_wildcards))
    ]
    if one.application is None and len(settings.applications) > 1:
        found.append(Complaint(f"{place}.application", "is missing", "there are several; name one"))
    if one.application is not None and one.application not in settings.applications:
        known = ", ".join(settings.applications) or "none"
        found.append(Complaint(f"{place}.application", f"{one.application!r} is not configured", f"known: {known}"))
    found += complaints_about_operations(name, one, settings)
    found += _check_pages(place, one, settings)
    if one.any_loopback_redirect and urlsplit(settings.public_url).hostname not in LOOPBACK:
        found.append(
            Complaint(
                f"{place}.any_loopback_redirect",
                "lets any program on a person's machine receive its codes",
                "register exact redirect URIs in production",
                fatal=False,
            )
        )
    return found


def _check_pages(place: str, one: ClientSettings, settings: Settings) -> list[Complaint]:
    """Check the pages: browsers send the browser door's cookies only between pages and a gateway of one site.

    Without a home there is no browser door: the origins are for UI Elements, which use no cookie, so any site will do.
    """
    found = []
    pages = [*((("home", one.home),) if one.home is not None else ()), *(("origins", origin) for origin in one.origins)]
    for name, url in pages:
        is_origin = name == "origins"
        if one.home is None:
            problem = complaint_about_url(url, is_origin=is_origin)
        else:
            problem = complaint_about_page(url, settings.public_url, is_origin=is_origin)
        if problem:
            found.append(Complaint(f"{place}.{name}", f"{url!r} {problem}", "mend it or take it out"))
        elif one.home is None and _is_open(url):
            problem, hint = f"{url!r} is plain http, so whoever is on the way can read its pages", "use https"
            found.append(Complaint(f"{place}.{name}", problem, hint, fatal=False))
    return found


def _is_open(origin: str) -> bool:
    parts = urlsplit(origin)
    return parts.scheme == "http" and parts.hostname not in LOOPBACK


def _shared(clients: dict[str, tuple[str, ...]]) -> list[Complaint]:
    owner = {secret: name for name, secrets in reversed(clients.items()) for secret in secrets if secret}
    return [
        Complaint(f"clients.{name}.secrets", f"holds a secret that is {owner[secret]}'s as well", "give each its own")
        for name, secrets in clients.items()
        for secret in secrets
        if secret and owner[secret] != name
    ]
