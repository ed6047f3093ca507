"""What has to be done at Cronofy for these settings to work: redirect URIs to register, Features to switch on."""

from gateway.config import ClientSettings, Settings


def advice(settings: Settings) -> list[str]:
    """Return one sentence for each thing to do."""
    lines = []
    for name, application in settings.applications.items():
        clients = [one for one in settings.clients.values() if one.application in {None, name}]
        uris = sorted({uri for one in clients for uri in one.redirect_uris})
        if any(one.home for one in clients):
            uris.append(f"{settings.public_url}/auth/callback")
        where = f"application {name} ({application.data_centre})"
        lines.append(f"At Cronofy, {where}: register these redirect URIs: {', '.join(uris) or 'none are configured'}.")
        lines.append(f"At Cronofy, {where}, under Features: {_features(clients)}.")
    return lines


def _features(clients: list[ClientSettings]) -> str:
    """Say which of the two restricted modes have to be offered."""
    wanted = {mode for one in clients for mode in one.accepted_modes} or {"free_busy", "no_access"}
    named = {"free_busy": "Free/Busy", "no_access": "No-Access"}
    on = [label for mode, label in named.items() if mode in wanted]
    off = [label for mode, label in named.items() if mode not in wanted]
    parts = [
        f"switch on {' and '.join(on)}" if on else "",
        f"switch off {' and '.join(off)}: no client takes it" if off else "",
    ]
    return "; ".join(filter(None, parts))
