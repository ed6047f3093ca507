LIBRARY_CALLS = (
    "authorize",
    "exchange_code",
    "refresh_token",
    "calendars",
    "read_events",
    "batch",
    "availability",
    "wrong_secret",
    "revoke_token",
)
