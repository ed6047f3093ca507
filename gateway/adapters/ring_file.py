"""The key ring's file: a new key goes in front, whole or not at all.

The file is replaced, never written over, so that a node which reads it meanwhile sees the old ring or the new one.
"""

import os
import tempfile
from pathlib import Path

from gateway.adapters.key_ring import parse_key_ring


def put_in_front(path: Path, key: str) -> None:
    """Put a key in front of the file's keys.

    Raises:
        KeyRingInvalid: what stands in the file, or would, is no ring.
        OSError: the file cannot be read, or its folder cannot be written.
    """
    present = path.stat()
    text = key + "\n" + path.read_text(encoding="utf-8")
    parse_key_ring(text)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(present.st_mode & 0o777)
        if os.geteuid() == 0:
            os.chown(name, present.st_uid, present.st_gid)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
