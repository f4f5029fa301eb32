"""The student's side, inside the sandbox. Started as a program with a control socket as standard input.

The parent imports what notebooks need and never runs a student's code. For each submission it forks a child that enters namespaces of its own
before it reads anything, and talks to the grader through a socket that only this child has.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import signal
import socket
import struct
import sys
import tempfile
from collections.abc import Callable
from typing import Any

NEW = 0x00020000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000  # mount, uts, ipc, user, pid, net
PRIVATE, NOSUID, NODEV, NOEXEC = 1 << 18 | 1 << 14, 2, 4, 8
OUTPUT, PICTURE, PROCESSES = 20_000, 400_000, 128


def receive(connection: socket.socket, size: int) -> bytes:
    """Exactly `size` bytes, or none at the end."""
    parts = b""
    while len(parts) < size:
        part = connection.recv(min(size - len(parts), 1 << 20))
        if not part:
            return b""
        parts += part
    return parts


def read(connection: socket.socket) -> Any:
    head = receive(connection, 4)
    return json.loads(receive(connection, struct.unpack(">I", head)[0])) if head else None


def write(connection: socket.socket, message: Any) -> None:
    data = json.dumps(message).encode()
    connection.sendall(struct.pack(">I", len(data)) + data)


def call(function: Callable[..., int], *arguments: Any) -> None:
    if function(*arguments) != 0:
        raise OSError(ctypes.get_errno(), f"{function.__name__}: {os.strerror(ctypes.get_errno())}")


def isolate() -> None:
    """Enter namespaces of one's own: no network, no other process, fresh folders to write to, nothing under /proc."""
    libc = ctypes.CDLL(None, use_errno=True)
    user, group = os.getuid(), os.getgid()
    call(libc.unshare, NEW)
    for file, line in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        with open(f"/proc/self/{file}", "w") as place:
            place.write(line)
    call(libc.mount, None, b"/", None, PRIVATE, None)
    fresh = [(b"/scratch", b"size=64m,mode=1777"), (b"/dev/shm", b"size=64m,mode=1777"), (b"/proc", b"size=4k,mode=555")]
    if not f"{sys.prefix}/".startswith("/tmp/") and not f"{sys.base_prefix}/".startswith("/tmp/"):
        fresh.append((b"/tmp", b"size=64m,mode=1777"))
    for target, options in fresh:
        if os.path.isdir(target):
            call(libc.mount, b"tmpfs", target, b"tmpfs", NOSUID | NODEV, options)


def give_up_rights() -> None:
    """No capability is left, and none can be got by starting a program."""
    libc = ctypes.CDLL(None, use_errno=True)
    call(libc.prctl, 38, 1, 0, 0, 0)  # no new privileges
    header, data = struct.pack("=Ii", 0x20080522, 0), struct.pack("=6I", *[0] * 6)
    call(libc.capset, header, data)


def limit(memory: int, seconds: int) -> None:
    most_of = {resource.RLIMIT_CPU: seconds, resource.RLIMIT_FSIZE: 64 << 20, resource.RLIMIT_NOFILE: 256, resource.RLIMIT_CORE: 0}
    if os.path.exists("/proc/self/statm"):  # Linux
        with open("/proc/self/statm") as file:
            most_of[resource.RLIMIT_AS] = int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE") + memory
    for kind, most in most_of.items():
        resource.setrlimit(kind, (most, most))


def outputs(captured: Any) -> list[dict[str, Any]]:
    """What a cell showed, cut to a size: text and pictures only."""
    found: list[dict[str, Any]] = []
    for stream, shown in (("stdout", captured.stdout), ("stderr", captured.stderr)):
        if shown:
            found.append({"output_type": "stream", "name": stream, "text": shown[:OUTPUT] + " ... cut" * (len(shown) > OUTPUT)})
    for output in captured.outputs[:20]:
        data = {kind: value for kind, value in output.data.items() if kind in ("text/plain", "image/png") and isinstance(value, str)}
        data = {kind: value for kind, value in data.items() if len(value) < (PICTURE if kind == "image/png" else OUTPUT)}
        found.append({"output_type": "display_data", "metadata": {}, "data": data})
    return found


def reason(error: BaseException) -> list[str]:
    """The built-in kind of an exception, and its text, with the name that the student gave it if there is one."""
    kind = next(found.__name__ for found in type(error).__mro__ if found.__module__ == "builtins")
    own = type(error).__name__
    return [kind, (f"{error}" if own == kind else f"{own}: {error}")[:500]]


def serve(connection: socket.socket) -> None:
    """Run cells and answer calls until the grader hangs up."""
    import plain
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output

    shell = InteractiveShell.instance(colors="nocolor")
    shell.history_manager.enabled = False
    while (request := read(connection)) is not None:
        reply: dict[str, Any] = {"ticket": request["ticket"], "ok": True}
        try:
            if request["op"] == "run":
                with capture_output() as captured:
                    done = shell.run_cell(request["source"], store_history=False)
                error = done.error_before_exec or done.error_in_exec
                reply["outputs"] = outputs(captured)
                if error is not None:
                    raise error
            elif request["op"] == "call":
                arguments = plain.decode(request["arguments"])
                reply["value"] = plain.encode(shell.user_ns[request["name"]](*arguments))
            elif request["op"] == "names":
                reply["value"] = [word for word in request["names"] if callable(shell.user_ns.get(word))]
        except BaseException as error:
            reply |= {"ok": False, "error": reason(error)}
        write(connection, reply)


def child(connection: socket.socket, report: int, boxed: bool, memory: int, seconds: int) -> None:
    """Enter the namespaces; the first process in them serves, this one waits for it."""
    limit(memory, seconds)
    if boxed:
        isolate()
        resource.setrlimit(resource.RLIMIT_NPROC, (PROCESSES, PROCESSES))  # counted for each namespace
    first = os.fork()
    if first:
        os.write(report, struct.pack(">i", first))
        connection.close()
        os.waitpid(first, 0)
        os._exit(0)
    if boxed:
        give_up_rights()
    os.close(report)
    nothing = os.open("/dev/null", os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    os.chdir(tempfile.mkdtemp())
    try:
        serve(connection)
    finally:
        os._exit(0)


def main() -> None:
    kind, memory, seconds, *modules = sys.argv[1:]
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    control = socket.socket(fileno=os.dup(0))
    for module in (*modules, "plain", "IPython.core.interactiveshell", "IPython.utils.capture"):
        __import__(module)
    control.send(b"ready")
    while True:
        message, files, _, _ = socket.recv_fds(control, 64, 1)
        if not message:
            return
        if message[:1] == b"K":  # end a submission and all that it started
            first, waiting = struct.unpack(">ii", message[1:9])
            with contextlib.suppress(ProcessLookupError):  # it may have ended by itself
                os.kill(first, signal.SIGKILL)
            os.waitpid(waiting, 0)
            control.send(b"killed")
            continue
        connection = socket.socket(fileno=files[0])
        ends = os.pipe()
        waiting = os.fork()
        if waiting == 0:
            control.close()
            os.close(ends[0])
            try:
                child(connection, ends[1], kind == "boxed", int(memory), int(seconds))
            except BaseException as error:
                write(connection, {"ticket": "start", "ok": False, "error": [type(error).__name__, str(error)[:500]]})
                os._exit(1)
        connection.close()
        os.close(ends[1])
        first = os.read(ends[0], 4)
        os.close(ends[0])
        if len(first) < 4:
            os.waitpid(waiting, 0)
        control.send(struct.pack(">ii", struct.unpack(">i", first)[0] if len(first) == 4 else 0, waiting))


if __name__ == "__main__":
    main()
