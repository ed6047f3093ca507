"""nginx that carries calls by itself and asks this gateway first: the shipped files of config/engines.

The CPU time of both counts: nginx keeps an answer for a second or two, so the gateway is asked now and then.
"""

import secrets
import sys
from pathlib import Path
from typing import Final

from bench.proxying.peer import WHOLE, Peer, Place, version_of
from bench.proxying.peers import gateway
from tests.journeys.engines.nginx import Places, command, program, write_files
from tests.ports import free_port

TOGETHER: Final = Path(__file__).parents[1] / "programs" / "together.py"


def prepare(place: Place) -> Peer:
    """Write the settings of both."""
    key, public, engine = secrets.token_urlsafe(32), free_port(), free_port()
    asked = gateway.prepare(place, listen=public, more=f'[engine]\nport = {engine}\nkey = "{key}"\n')
    folder = place.folder / "engine"
    places = Places(public=public, engine=engine, cronofy=f"127.0.0.1:{place.upstream}", key=key)
    file = write_files(folder, place.port, places)
    return Peer(
        title="nginx, asking this gateway",
        job=WHOLE,
        version=version_of(program(), "-v"),
        words=(sys.executable, str(TOGETHER), *asked.words, "--", *command(folder, file)),
        sign_in=asked.sign_in,
        env=asked.env,
        ready=(place.port, "/robots.txt"),
    )
