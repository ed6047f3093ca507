"""What stands for Cronofy's API: nginx with one worker, and bodies of every size."""

import json
import os
from pathlib import Path
from typing import Final

BODY_BYTES: Final = 2_330
CALENDARS: Final = "/v1/calendars"  # the measured call
EVENTS: Final = "/v1/events"  # the same size, but a page: its link to the next one has to lead through the gateway
ECHO: Final = "/v1/account"  # tells the Authorization that arrived
FILES: Final = "/v1/bench_files"
SINK: Final = "/v1/bench_sink"
TRICKLE: Final = "/v1/bench_trickle"
OPERATIONS: Final = (f"GET {FILES}/{{name}}", f"POST {SINK}", f"GET {TRICKLE}/{{pieces}}")  # no row of Cronofy's
LARGE: Final = {"100 KB": 100_000, "10 MB": 10_000_000}

_PAGE: Final = {"current": 1, "total": 2, "next_page": "https://api.cronofy.com/v1/events/pages/0123456789abcdef"}
_EVENT: Final = {
    "calendar_id": "cal_n23kjnwrw2_jsdfjksn234",
    "event_uid": "evt_external_54008b1a4a41730f8d5c6037",
    "summary": "Company Retreat",
    "description": "Two days with everybody, in the mountains",
    "start": "2030-09-06",
    "end": "2030-09-08",
    "deleted": False,
    "created": "2030-09-01T08:00:01Z",
    "updated": "2030-09-01T09:24:16Z",
    "location": {"description": "Beach"},
    "participation_status": "needs_action",
    "attendees": [{"email": "example@example.com", "display_name": "Example Person", "status": "needs_action"}],
    "organizer": {"email": "example@example.com", "display_name": "Example Person"},
    "transparency": "opaque",
    "status": "confirmed",
    "categories": [],
    "recurring": False,
}
_CONFIGURATION: Final = """
daemon off; {user} worker_processes 1; pid upstream.pid; error_log upstream-errors.log;
events {{ worker_connections 8192; }}
http {{
  access_log off; types {{}} default_type application/json;
  keepalive_requests 1000000000; keepalive_timeout 3600s; client_max_body_size 0;
  client_body_temp_path temporary; proxy_temp_path temporary;
  fastcgi_temp_path temporary; uwsgi_temp_path temporary; scgi_temp_path temporary;
  upstream behind {{ server 127.0.0.1:{behind}; keepalive 64; keepalive_requests 1000000000; }}
  server {{
    listen 127.0.0.1:{port} backlog=4096; root {folder}/bodies;
    location = /v1/calendars {{
      add_header X-Request-Id abc; add_header ETag '"abc"';
      add_header Cache-Control "max-age=0, private, must-revalidate"; try_files /calendars =404;
    }}
    location = /v1/events {{ add_header Cache-Control "max-age=0, private, must-revalidate"; try_files /events =404; }}
    location = /v1/account {{ return 200 '{{"authorization": "$http_authorization"}}'; }}
    location /v1/bench_files/ {{ alias {folder}/bodies/; }}
    location / {{
      proxy_pass http://behind; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_buffering off; proxy_request_buffering off; proxy_pass_header X-Accel-Buffering;
    }}
  }}
}}
"""


def run_as() -> str:
    """Return nginx's `user` line: as root it would change to a user who cannot read temporary folders."""
    return "user root;" if os.geteuid() == 0 else ""


def write_bodies(folder: Path, stream_bytes: int) -> None:
    """Write what the upstream answers.

    Args:
        folder: of the upstream.
        stream_bytes: of one large body; it takes no room on the disk.
    """
    bodies = folder / "bodies"
    bodies.mkdir()
    (bodies / "calendars").write_bytes(_filled({"events": [_EVENT] * 3}))
    (bodies / "events").write_bytes(_filled({"pages": _PAGE, "events": [_EVENT] * 3}))
    for name, size in LARGE.items():
        (bodies / file_of(name)).write_bytes(os.urandom(size))
    with (bodies / "stream").open("wb") as file:
        file.truncate(stream_bytes)


def file_of(name: str) -> str:
    """Return the file of a large body."""
    return name.replace(" ", "")


def body(path: str, folder: Path) -> bytes:
    """Return what a path answers."""
    return (folder / "bodies" / path.rpartition("/")[2]).read_bytes()


def _filled(value: dict[str, object]) -> bytes:
    lacking = BODY_BYTES - len(json.dumps({**value, "fill": ""}))
    return json.dumps({**value, "fill": "x" * lacking}).encode()


def configuration(folder: Path, port: int, behind: int) -> str:
    """Return nginx's configuration.

    Args:
        folder: where its bodies are.
        port: its own.
        behind: the authorization server's, which also takes bodies that come in pieces.
    """
    return _CONFIGURATION.format(user=run_as(), folder=folder, port=port, behind=behind)
