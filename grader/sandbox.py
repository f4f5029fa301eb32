"""The box: a bubblewrap sandbox with a warm worker in it, and a session for each submission."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import secrets
import select
import shutil
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil

HERE = Path(__file__).parent
READABLE = ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc/alternatives", "/etc/ld.so.cache", "/etc/fonts", "/etc/localtime")
WARM = ("numpy", "torch", "torch.nn.functional", "scipy.special", "sklearn.datasets", "matplotlib.pyplot")
USABLE = ("__init__", "_check", "_estimate", "data", "models", "plots")  # of kdtutor; its other modules hold what is asked for
MESSAGE = 16 << 20
MEMORY, SECONDS = 2 << 30, 120  # of one process; all processes of a submission together may take half as much again


class StoppedError(Exception):
    """The student's process did not answer: it died, it took too long, or it said something that is no answer."""


class NoSandboxError(RuntimeError):
    """There is no sandbox on this machine; the message says how to get one."""


def package_files() -> list[tuple[Path, str]]:
    """Files of kdtutor that a submission may use, and their places in the box."""
    found = importlib.util.find_spec("kdtutor")
    if found is None or found.origin is None:
        return []
    return [(Path(found.origin).with_name(f"{name}.py"), f"/box/kdtutor/{name}.py") for name in USABLE]


def command(warm: Sequence[str]) -> list[str]:
    """Bubblewrap with no network, a read-only system, an empty home, and the worker."""
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        raise NoSandboxError("bubblewrap is not installed: 'apt install bubblewrap' (Debian, Ubuntu) or 'dnf install bubblewrap' (Fedora)")
    found = [bwrap, "--unshare-all", "--die-with-parent", "--new-session", "--clearenv", "--hostname", "box"]
    found += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--tmpfs", "/scratch"]
    for path in [*READABLE, *sorted({sys.prefix, sys.base_prefix})]:
        if os.path.exists(path):
            found += ["--ro-bind", path, path]
    for source, target in [*((HERE / file, f"/box/{file}") for file in ("worker.py", "plain.py")), *package_files()]:
        found += ["--ro-bind", str(source), target]
    for key, value in environment("/scratch").items():
        found += ["--setenv", key, value]
    # an environment that lies below /tmp must stay in sight; then nobody can write there
    return [*found, "--remount-ro", "/tmp", "--chdir", "/scratch", sys.executable, "/box/worker.py", "boxed", str(MEMORY), str(SECONDS), *warm]


def environment(home: str) -> dict[str, str]:
    """All that a student's process knows of its surroundings."""
    found = {"PATH": f"{sys.prefix}/bin:/usr/bin:/bin", "HOME": home, "LANG": "C.UTF-8", "MPLBACKEND": "agg", "IPYTHONDIR": home, "TMPDIR": home}
    found |= {"MPLCONFIGDIR": home, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONSAFEPATH": "1"}
    return found | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


class Session:
    """One submission's process."""

    def __init__(self, box: Box, connection: socket.socket, process: tuple[int, int]) -> None:
        self.box, self.connection, self.process, self.buffer = box, connection, process, b""

    def ask(self, seconds: float, **request: Any) -> dict[str, Any]:
        """Send a request and wait for its answer, which may be forged: it must carry the ticket, and is plain JSON."""
        ticket = secrets.token_hex(8)
        data = json.dumps({"ticket": ticket, **request}).encode()
        end = time.monotonic() + seconds
        try:
            self.connection.settimeout(seconds)
            self.connection.sendall(struct.pack(">I", len(data)) + data)
            size = struct.unpack(">I", self._take(4, end))[0]
            if size > MESSAGE:
                raise StoppedError("the answer is too large")
            reply = json.loads(self._take(size, end))
        except StoppedError:
            raise
        except TimeoutError:
            raise StoppedError(f"no answer in {seconds:.0f} seconds") from None
        except OSError:
            raise StoppedError(self._why()) from None
        except (ValueError, RecursionError):
            raise StoppedError("the answer is malformed") from None
        if not isinstance(reply, dict) or reply.get("ticket") != ticket:
            raise StoppedError("the answer is malformed")
        return reply

    def _take(self, size: int, end: float) -> bytes:
        parts, have = [self.buffer], len(self.buffer)
        while have < size:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.connection], [], [], left)[0]:
                raise TimeoutError
            part = self.connection.recv(1 << 20)
            if not part:
                raise StoppedError(self._why())
            parts.append(part)
            have += len(part)
        data = b"".join(parts)
        self.buffer = data[size:]
        return data[:size]

    def _why(self) -> str:
        return "its processes took too much memory" if self.box.overrun else "the process ended"

    def close(self) -> None:
        """End the process and all that it started."""
        self.connection.close()
        self.box.end(self.process)


class Box:
    """A warm worker in a sandbox, which serves one session at a time. Use as a context manager.

    `unsafe` does without the sandbox, for one's own work only: the student's code then has the rights of this process.
    """

    def __init__(self, *, unsafe: bool = False, warm: Sequence[str] = WARM) -> None:
        self.control, inside = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.overrun = False
        worker = [sys.executable, str(HERE / "worker.py"), "bare", str(MEMORY), str(SECONDS), *warm]
        surroundings = environment(os.environ.get("TMPDIR", "/tmp")) if unsafe else {"PATH": "/usr/bin:/bin"}
        self.process = subprocess.Popen(
            worker if unsafe else command(warm), stdin=inside, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=surroundings, close_fds=True
        )
        inside.close()
        self.control.settimeout(60)
        if self._hear() != b"ready":
            self.process.kill()
            said = (self.process.stderr.read() if self.process.stderr else b"").decode(errors="replace").strip()
            self.close()
            raise NoSandboxError(f"bubblewrap cannot start a sandbox here: {said[-400:]}. Allow unprivileged user namespaces on this machine")
        inner = psutil.Process(self.process.pid).children(recursive=True)
        self.worker = inner[-1] if inner else psutil.Process(self.process.pid)
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        """End all processes of a session that together take too much memory: a limit for each alone does not stop a storm of them."""
        while self.alive:
            with contextlib.suppress(psutil.Error):
                below = self.worker.children(recursive=True)
                total = 0
                for process in below:
                    with contextlib.suppress(psutil.Error):
                        memory = process.memory_info()
                        total += memory.rss - getattr(memory, "shared", 0)
                if total > MEMORY * 3 // 2:
                    self.overrun = True
                    for process in below:
                        with contextlib.suppress(psutil.Error):
                            process.kill()
            time.sleep(0.1)

    def _hear(self) -> bytes:
        try:
            return self.control.recv(64)
        except (TimeoutError, OSError):
            return b""

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def open(self) -> Session:
        """A process for one submission."""
        self.overrun = False
        mine, other = socket.socketpair()
        with contextlib.suppress(OSError):  # of a box that has ended
            socket.send_fds(self.control, [b"F"], [other.fileno()])
        other.close()
        answer = self._hear()
        if len(answer) != 8 or struct.unpack(">ii", answer)[0] == 0:
            raise NoSandboxError("the sandbox could not give a submission namespaces of its own: allow nested user namespaces on this machine")
        first, waiting = struct.unpack(">ii", answer)
        return Session(self, mine, (first, waiting))

    def end(self, process: tuple[int, int]) -> None:
        with contextlib.suppress(OSError):
            self.control.send(b"K" + struct.pack(">ii", *process))
            self._hear()

    def close(self) -> None:
        self.control.close()
        self.process.kill()
        self.process.wait()
        if self.process.stderr:
            self.process.stderr.close()

    def __enter__(self) -> Box:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
