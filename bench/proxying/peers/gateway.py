"""This gateway as it is shipped: records in SQLite, log lines written, everything on."""

import sys
from importlib.metadata import version
from pathlib import Path
from typing import Final

from bench.proxying.peer import WHOLE, Peer, Place
from bench.proxying.tokens import CLIENT_ID, CLIENT_SECRET
from bench.proxying.upstream import OPERATIONS
from gateway.adapters.key_ring import generate_key
from tests.ports import free_port

ROOT: Final = Path(__file__).parents[3]
CLIENT: Final = "web"
COOKIE: Final = f"gateway-{CLIENT}"
RING: Final = "ring"
_SETTINGS: Final = """
public_url = "http://127.0.0.1:{port}"
workers = {workers}
[listen]
port = {listen}
[operations]
port = {operations}
[store]
url = "sqlite:///{records}"
[keys]
ring_file = "{ring}"
[proxy]
extra_operations = [{extra}]
max_body_bytes = 2147483648
[applications.main]
client_id = "{client_id}"
client_secret = "{client_secret}"
emulator_url = "http://127.0.0.1:{upstream}"
[clients.{client}]
secrets = ["bench-client-0123456789abcdef"]
home = "http://127.0.0.1:{port}/"
{more}"""


def prepare(
    place: Place,
    *,
    records: Path | None = None,
    ring: Path | None = None,
    workers: int = 1,
    listen: int = 0,
    more: str = "",
) -> Peer:
    """Write settings.

    Args:
        place: where it is to run.
        records: a store that is filled; an empty one when None.
        ring: the file of the keys that sealed its records.
        workers: how many processes.
        listen: its own port, where something stands before it; that of its place when 0.
        more: further settings.
    """
    operations = free_port()
    settings = place.folder / "gateway.toml"
    if ring is None:
        ring = place.folder / RING
        ring.write_text(generate_key() + "\n", encoding="utf-8")
    settings.write_text(
        _SETTINGS.format(
            port=place.port,
            listen=listen or place.port,
            more=more,
            workers=workers,
            operations=operations,
            records=records or place.folder / "records.db",
            ring=ring,
            extra=", ".join(f'"{line}"' for line in OPERATIONS),
            client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET,
            upstream=place.upstream,
            client=CLIENT,
        ),
        encoding="utf-8",
    )
    return Peer(
        title="**Cronofy Gateway**",
        job=WHOLE,
        version=version("cronofy-gateway"),
        words=(sys.executable, "-m", "gateway", "serve", "--config", str(settings)),
        sign_in=f"/auth/login?client={CLIENT}",
        env={"PYTHONPATH": str(ROOT)},
        ready=(operations, "/readyz"),
    )
