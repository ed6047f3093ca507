"""`together.py WORD… -- WORD…` runs several programs as one: until it is told to end, or one of them ends by itself."""

import signal
import subprocess
import sys
from itertools import groupby


def main() -> None:
    """Run what stands between the dashes."""
    commands = [list(words) for is_dashes, words in groupby(sys.argv[1:], lambda one: one == "--") if not is_dashes]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGCHLD, lambda *_: sys.exit(1))
    running = [subprocess.Popen(words) for words in commands]  # noqa: S603  our own commands
    try:
        signal.pause()
    finally:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for one in running:
            one.terminate()
        for one in running:
            one.wait()


if __name__ == "__main__":
    main()
