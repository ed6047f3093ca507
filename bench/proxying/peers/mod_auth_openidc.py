"""Apache with mod_auth_openidc: the session is a sealed cookie, the token attached."""

import os
from pathlib import Path
from typing import Final

from bench.proxying.failures import Missing
from bench.proxying.peer import WHOLE, Peer, Place, version_of
from bench.proxying.processes import find
from bench.proxying.tokens import CLIENT_ID, CLIENT_SECRET, MODE, MODE_HEADER, SCOPE

_MODULES: Final = Path("/usr/lib/apache2/modules")
_WANTED: Final = (
    "mpm_event",
    "authn_core",
    "authz_core",
    "authz_user",
    "headers",
    "proxy",
    "proxy_http",
    "auth_openidc",
)
_PACKAGES: Final = "Debian's packages apache2-bin and libapache2-mod-auth-openidc"
_CONFIGURATION: Final = """
ServerRoot {folder}
PidFile {folder}/pid
ServerName 127.0.0.1
Listen 127.0.0.1:{port}
ErrorLog {folder}/errors.log
{modules}
{user}
KeepAlive On
KeepAliveTimeout 3600
MaxKeepAliveRequests 0
StartServers 1
ServerLimit 1
ThreadsPerChild 64
MaxRequestWorkers 64
OIDCProviderTokenEndpointAuth client_secret_post
OIDCProviderMetadataURL http://127.0.0.1:{issuer}/.well-known/openid-configuration
OIDCClientID {client_id}
OIDCClientSecret {client_secret}
OIDCRedirectURI http://127.0.0.1:{port}/callback
OIDCCryptoPassphrase 0123456789abcdef0123456789abcdef
OIDCScope "openid {scope}"
OIDCSessionType client-cookie
<Location />
  AuthType openid-connect
  Require valid-user
  RequestHeader set Authorization "expr=Bearer %{{HTTP:OIDC_access_token}}"
  Header set {mode_header} {mode}
  ProxyPass http://127.0.0.1:{upstream}/ enablereuse=on keepalive=on
</Location>
"""


def prepare(place: Place) -> Peer:
    """Write its configuration."""
    apache = find("apache2", _PACKAGES)
    files = [_MODULES / f"mod_{name}.so" for name in _WANTED]
    if lacking := [file.name for file in files if not file.is_file()]:
        raise Missing(f"Apache has no {', '.join(lacking)} ({_PACKAGES})")
    file = place.folder / "apache.conf"
    file.write_text(
        _CONFIGURATION.format(
            folder=place.folder,
            port=place.port,
            modules="\n".join(
                f"LoadModule {name}_module {module}" for name, module in zip(_WANTED, files, strict=True)
            ),
            user="User www-data\nGroup www-data" if os.geteuid() == 0 else "",
            issuer=place.issuer,
            upstream=place.upstream,
            client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET,
            scope=SCOPE,
            mode_header=MODE_HEADER,
            mode=MODE,
        ),
        encoding="utf-8",
    )
    return Peer(
        title="Apache, mod_auth_openidc",
        job=WHOLE,
        version=f"{version_of('dpkg-query', '-W', '-f', '${Version}', 'libapache2-mod-auth-openidc')}"
        f" in Apache {version_of(apache, '-v')}",
        words=(apache, "-f", str(file), "-DFOREGROUND"),
        ready=(place.port, "/v1/calendars"),
        ready_statuses=frozenset({302, 401}),
    )
