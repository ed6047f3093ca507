"""nginx as a plain reverse proxy: the floor."""

from typing import Final

from bench.proxying.peer import PLAIN, Peer, Place, version_of
from bench.proxying.processes import find
from bench.proxying.tokens import FIXED, MODE, MODE_HEADER
from bench.proxying.upstream import CALENDARS, run_as

_CONFIGURATION: Final = """
daemon off; {user} worker_processes 1; pid nginx.pid; error_log nginx-errors.log;
events {{ worker_connections 8192; }}
http {{
  access_log off; keepalive_requests 1000000000; keepalive_timeout 3600s; client_max_body_size 0;
  client_body_temp_path temporary; proxy_temp_path temporary;
  fastcgi_temp_path temporary; uwsgi_temp_path temporary; scgi_temp_path temporary;
  upstream cronofy {{ server 127.0.0.1:{upstream}; keepalive 256; keepalive_requests 1000000000; }}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{
      proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Authorization "Bearer {token}";
      add_header {mode_header} {mode}; proxy_request_buffering off; proxy_pass http://cronofy;
    }}
  }}
}}
"""


def prepare(place: Place) -> Peer:
    """Write its configuration."""
    nginx = find("nginx", "Debian's package nginx")
    file = place.folder / "nginx.conf"
    told = {"user": run_as(), "upstream": place.upstream, "port": place.port}
    file.write_text(
        _CONFIGURATION.format(**told, token=FIXED, mode_header=MODE_HEADER, mode=MODE),
        encoding="utf-8",
    )
    return Peer(
        title="nginx",
        job=PLAIN,
        version=version_of(nginx, "-v"),
        words=(nginx, "-e", "stderr", "-p", str(place.folder), "-c", str(file)),
        sign_in=None,
        ready=(place.port, CALENDARS),
    )
