"""Programs that run on a core of their own, and what the kernel counts of them and of their children."""

import os
import re
import resource
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.proxying.failures import Missing

_CORES: Final = sorted(os.sched_getaffinity(0))
TESTED: Final = _CORES[0]  # of the program that is measured
LOAD: Final = _CORES[-1]  # of upstream, authorization server and callers
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_PROPORTIONAL: Final = re.compile(r"^Pss:\s+(\d+) kB$", re.MULTILINE)
_TO_END: Final = 10.0  # seconds that a program gets to end by itself
# Where Debian keeps servers; it is not on everybody's path.
_PATH: Final = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"))


def find(program: str, how: str) -> str:
    """Return where a program is.

    Args:
        program: its name.
        how: what would bring it.

    Raises:
        Missing: it is not there.
    """
    if (path := shutil.which(program, path=_PATH)) is None:
        raise Missing(f"no {program} ({how})")
    return path


def allow_many_connections() -> None:
    """Raise the number of open files to what the system allows, for this process and all that it starts."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


@dataclass(frozen=True, slots=True)
class Program:
    """A program that runs.

    Attributes:
        process: the one that was started; others may be its children.
        words: the command.
    """

    process: subprocess.Popen[bytes]
    words: tuple[str, ...]

    def tree(self) -> list[int]:
        """Return the process ids of the program and all its children."""
        parents: dict[int, list[int]] = {}
        for path in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                parents.setdefault(int(_stat(path)[1]), []).append(int(path.parent.name))
        found = [self.process.pid]
        for pid in found:  # grows as children are found
            found += parents.get(pid, [])
        return found

    def cpu(self) -> float:
        """Return the seconds of CPU that all its processes have used, in user and kernel mode."""
        seconds = 0.0
        for pid in self.tree():
            with suppress(OSError):
                fields = _stat(Path(f"/proc/{pid}/stat"))
                seconds += (int(fields[11]) + int(fields[12])) / _TICKS
        return seconds

    def memory(self) -> int:
        """Return the bytes that its processes hold; what they share with others counts in part."""
        found = 0
        for pid in self.tree():
            with suppress(OSError):
                match = _PROPORTIONAL.search(Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii"))
                found += int(match.group(1)) * 1024 if match else 0
        return found

    def pin(self, cores: set[int]) -> None:
        """Move all its processes to some cores."""
        for pid in self.tree():
            for task in Path(f"/proc/{pid}/task").glob("[0-9]*"):
                with suppress(OSError):
                    os.sched_setaffinity(int(task.name), cores)


def _stat(path: Path) -> list[str]:
    """Return the fields of a stat file from the state on: the name before it may hold anything."""
    return path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()


@contextmanager
def running(
    words: Sequence[str],
    *,
    core: int,
    folder: Path,
    env: Mapping[str, str] | None = None,
    out: Path | None = None,
) -> Iterator[Program]:
    """Run a program until the block ends.

    Args:
        words: the command.
        core: the only one it may use, from its first instruction on: some size themselves by what they may use.
        folder: where it works; what it complains of is kept there.
        env: more variables.
        out: where its output goes; nowhere when None.
    """
    mine = os.sched_getaffinity(0)
    errors = folder / f"{Path(words[0]).name}-errors.log"
    with errors.open("ab") as complaints, (out or Path(os.devnull)).open("ab") as output:
        os.sched_setaffinity(0, {core})
        try:
            process = subprocess.Popen(  # noqa: S603  our own commands
                words, cwd=folder, env={**os.environ, **(env or {})}, stdout=output, stderr=complaints
            )
        finally:
            os.sched_setaffinity(0, mine)
    program = Program(process, tuple(words))
    try:
        yield program
    finally:
        _end(program)


def _end(program: Program) -> None:
    """Ask it to end; what is left of its processes then is killed."""
    tree = program.tree()
    program.process.terminate()
    with suppress(subprocess.TimeoutExpired):
        program.process.wait(_TO_END)
    for pid in tree:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    program.process.wait()


@contextmanager
def on_cores(cores: set[int] | None = None) -> Iterator[None]:
    """Let this process use some cores within the block; all when None."""
    mine = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores or {*_CORES})
    try:
        yield
    finally:
        os.sched_setaffinity(0, mine)
