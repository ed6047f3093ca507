"""Certificates for servers on loopback, as files."""

from dataclasses import dataclass
from pathlib import Path

import trustme


@dataclass(frozen=True)
class TlsFiles:
    """A server's certificate and key, and the authority that vouches for it."""

    ca: Path
    certificate: Path
    key: Path


def make_tls_files(folder: Path, name: str = "127.0.0.1") -> TlsFiles:
    """Write a certificate for a name or address; whoever runs the server may read the files."""
    authority = trustme.CA()
    files = TlsFiles(folder / "ca.pem", folder / "server.pem", folder / "server.key")
    authority.cert_pem.write_to_path(str(files.ca))
    issued = authority.issue_cert(name)
    issued.private_key_pem.write_to_path(str(files.key))
    files.certificate.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    for path in (files.ca, files.certificate, files.key):
        path.chmod(0o644)
    return files
