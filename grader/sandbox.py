"""The box: a bubblewrap sandbox with a warm worker in it, and a session for each submission."""

from __future__ import annotations

import json
import os
import secrets
import select
import shutil
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
READABLE = ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc/alternatives", "/etc/ld.so.cache", "/etc/fonts", "/etc/localtime")
WARM = ("numpy", "torch", "torch.nn.functional", "scipy.special", "sklearn.datasets", "matplotlib.pyplot")
MESSAGE = 64 << 20


class StoppedError(Exception):
    """The student's process did not answer: it died, it took too long, or it said something that is no answer."""


class NoSandboxError(RuntimeError):
    """There is no sandbox on this machine; the message says how to get one."""


def command(memory: int, seconds: int) -> list[str]:
    """Bubblewrap with no network, a read-only system, an empty home, and the worker."""
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        raise NoSandboxError("bubblewrap is not installed: 'apt install bubblewrap' (Debian, Ubuntu) or 'dnf install bubblewrap' (Fedora)")
    found = [bwrap, "--unshare-all", "--die-with-parent", "--new-session", "--clearenv", "--hostname", "box"]
    found += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]
    for path in [*READABLE, *sorted({sys.prefix, sys.base_prefix})]:
        if os.path.exists(path):
            found += ["--ro-bind", path, path]
    for file in ("worker.py", "plain.py"):
        found += ["--ro-bind", str(HERE / file), f"/box/{file}"]
    environment = {"PATH": f"{sys.prefix}/bin:/usr/bin:/bin", "HOME": "/tmp", "LANG": "C.UTF-8", "OMP_NUM_THREADS": "1", "MPLBACKEND": "agg"}
    environment |= {"IPYTHONDIR": "/tmp", "MPLCONFIGDIR": "/tmp", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONSAFEPATH": "1"}
    for key, value in environment.items():
        found += ["--setenv", key, value]
    return [*found, "--chdir", "/tmp", sys.executable, "/box/worker.py", str(memory), str(seconds), *WARM]


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
            raise StoppedError(f"no answer in {seconds:g} seconds") from None
        except OSError:
            raise StoppedError("the process ended") from None
        except (ValueError, RecursionError):
            raise StoppedError("the answer is malformed") from None
        if not isinstance(reply, dict) or reply.get("ticket") != ticket:
            raise StoppedError("the answer is malformed")
        return reply

    def _take(self, size: int, end: float) -> bytes:
        while len(self.buffer) < size:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.connection], [], [], left)[0]:
                raise TimeoutError
            part = self.connection.recv(1 << 20)
            if not part:
                raise StoppedError("the process ended")
            self.buffer += part
        taken, self.buffer = self.buffer[:size], self.buffer[size:]
        return taken

    def close(self) -> None:
        """End the process and all that it started."""
        self.connection.close()
        self.box.end(self.process)


class Box:
    """A warm worker in a sandbox. Use as a context manager."""

    def __init__(self, *, memory: int = 2 << 30, seconds: int = 120) -> None:
        self.control, inside = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.process = subprocess.Popen(
            command(memory, seconds), stdin=inside, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env={"PATH": "/usr/bin:/bin"}
        )
        inside.close()
        self.control.settimeout(60)
        if self._hear() != b"ready":
            self.process.wait(5)
            said = (self.process.stderr.read() if self.process.stderr else b"").decode(errors="replace").strip()
            raise NoSandboxError(f"bubblewrap cannot start a sandbox here: {said[-400:]}. Allow unprivileged user namespaces on this machine")

    def _hear(self) -> bytes:
        try:
            return self.control.recv(64)
        except (TimeoutError, OSError):
            return b""

    def open(self) -> Session:
        """A process for one submission."""
        mine, other = socket.socketpair()
        socket.send_fds(self.control, [b"F"], [other.fileno()])
        other.close()
        answer = self._hear()
        if len(answer) != 8 or struct.unpack(">ii", answer)[0] == 0:
            raise NoSandboxError("the sandbox could not give a submission namespaces of its own: allow nested user namespaces on this machine")
        first, waiting = struct.unpack(">ii", answer)
        return Session(self, mine, (first, waiting))

    def end(self, process: tuple[int, int]) -> None:
        if self.process.poll() is None:
            self.control.send(b"K" + struct.pack(">ii", *process))
            self._hear()

    def __enter__(self) -> Box:
        return self

    def __exit__(self, *_: object) -> None:
        self.control.close()
        self.process.kill()
        self.process.wait()
        if self.process.stderr:
            self.process.stderr.close()
