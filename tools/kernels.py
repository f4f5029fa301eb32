"""Kernels for the pages, each forked from one process that has loaded the packages and done nothing else.

A kernel that starts from nothing imports for five seconds before the first cell; a forked one is there at once. On Linux only: elsewhere a fork
of these packages is not safe, and each kernel starts as Jupyter starts it.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from multiprocessing import context, forkserver
from unittest import mock

from jupyter_client import AsyncKernelManager
from jupyter_client.provisioning import LocalProvisioner

# not matplotlib's inline backend: when it is loaded, it looks for the running kernel
PRELOAD = [
    "ipykernel.kernelapp",
    "kdtutor.recipes",
    "matplotlib.pyplot",
    "mlxtend.data",
    "myst_nb",
    "scipy.stats",
    "sklearn.ensemble",
    "sklearn.metrics",
    "torch._dynamo",
]


def _serve(arguments: list[str], folder: str, environment: dict[str, str]) -> None:
    """Be a kernel, in a group of its own and with a clean start."""
    os.setsid()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.path.remove(os.path.dirname(os.path.abspath(__file__)))  # a page does not see the tools
    from ipykernel.kernelapp import IPKernelApp

    IPKernelApp.launch_instance(argv=[*arguments, f"--IPKernelApp.parent_handle={os.getppid()}"])


class _Process(context.ForkServerProcess):
    """A forked process that looks like the subprocess.Popen which the provisioner of Jupyter expects."""

    stdin = stdout = stderr = None

    def poll(self) -> int | None:
        return self.exitcode

    def wait(self) -> int | None:
        self.join()
        return self.exitcode

    def send_signal(self, number: int) -> None:
        if self.pid is not None and self.is_alive():
            os.kill(self.pid, number)


class _Provisioner(LocalProvisioner):
    async def launch_kernel(self, cmd: list[str], **options):
        arguments = cmd[cmd.index("ipykernel_launcher") + 1 :]
        self.process = _Process(target=_serve, args=(arguments, options["cwd"], options["env"]), daemon=True)
        self.process.start()
        self.pid = self.process.pid
        return self.connection_info


class _Manager(AsyncKernelManager):
    def __init__(self, **options) -> None:
        super().__init__(**options)
        self.provisioner = _Provisioner(kernel_id="", kernel_spec=self.kernel_spec, parent=self)


MANAGER = _Manager if sys.platform == "linux" else AsyncKernelManager


def start(environment: dict[str, str]) -> None:
    """Load the packages, once and before any page: the number of threads and the hash seed are read then."""
    if MANAGER is _Manager:
        multiprocessing.set_forkserver_preload(PRELOAD)
        with mock.patch.dict(os.environ, environment):
            forkserver.ensure_running()
