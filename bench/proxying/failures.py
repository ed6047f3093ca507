"""What can go wrong with a measurement."""


class Missing(Exception):
    """Something is not on this machine; the message says what, and what would bring it. It is left out."""


class Failed(Exception):
    """Something did not do what it was started for; the message says what it did. A run with one is not a good run."""


def reason(error: Missing | Failed) -> str:
    """Return why something is left out."""
    return f"{'failed: ' * isinstance(error, Failed)}{error}"
