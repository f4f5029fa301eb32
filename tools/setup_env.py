"""Set up the virtual environment .venv with what a job needs, from one list of versions.

    python tools/setup_env.py book            the site
    python tools/setup_env.py book grade test notebooks, grading, checks
    python tools/setup_env.py --current book  into the environment that runs this program (conda, a container)

PyTorch comes in a step of its own, as a CPU build. TORCH=gpu in the environment allows the GPU build. Needs only Python 3.11 to 3.13.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
CONSTRAINTS = ROOT / "requirements" / "constraints.txt"
EXTRAS = ("data", "plots", "book", "deck", "grade", "cluster", "pdf", "test")

# asks, in the target environment, whether the wheel in a pip report brings GPU libraries on this platform
NEEDS_GPU = """
import json, sys
from pip._vendor.packaging.requirements import Requirement
wheel = json.load(sys.stdin)["install"][0]["metadata"]
needs = [Requirement(text) for text in wheel.get("requires_dist", [])]
gpu = [r.name for r in needs if r.name.startswith(("nvidia", "cuda", "triton")) and (r.marker is None or r.marker.evaluate({"extra": ""}))]
print(len(gpu))
"""


def version_of(package: str) -> str:
    for line in CONSTRAINTS.read_text("utf-8").splitlines():
        if line.startswith(package + "=="):
            return line.partition("==")[2].split()[0]
    raise SystemExit(f"requirements/constraints.txt: expected a line {package}==VERSION, found none")


def pip(python: str, *arguments: str, **options) -> subprocess.CompletedProcess:
    return subprocess.run([python, "-m", "pip", "--disable-pip-version-check", *arguments], **options)


def installed(python: str, package: str) -> str:
    code = f"import importlib.metadata as m\ntry: print(m.version({package!r}))\nexcept m.PackageNotFoundError: print('')"
    return subprocess.run([python, "-c", code], capture_output=True, text=True).stdout.strip()


def pip_report(python: str, *arguments: str) -> str:
    done = pip(python, "install", "-q", "--dry-run", "--ignore-installed", "--report", "-", *arguments, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit("PyTorch: the package index gave no answer; see pip's message above")
    return done.stdout


def download_size(report: str) -> str:
    """Size of all packages in a pip report, asked from where they would come."""
    total = 0
    try:
        for package in json.loads(report)["install"]:
            request = urllib.request.Request(package["download_info"]["url"], method="HEAD")
            with urllib.request.urlopen(request, timeout=20) as answer:
                total += int(answer.headers["Content-Length"])
    except (OSError, TypeError, ValueError):
        return "several GB"
    return f"{total / 1e9:.1f} GB"


def install_torch(python: str) -> None:
    wanted = f"torch=={version_of('torch')}"
    if installed(python, "torch").split("+")[0] == version_of("torch"):
        return
    print(f"Installing {wanted} ...", flush=True)
    report = pip_report(python, "--no-deps", wanted)
    brings_gpu = int(subprocess.run([python, "-c", NEEDS_GPU], input=report, capture_output=True, text=True, check=True).stdout)
    if not brings_gpu or os.environ.get("TORCH") == "gpu":
        if pip(python, "install", "-q", "-c", str(CONSTRAINTS), wanted).returncode:
            raise SystemExit(f"{wanted} could not be installed; see pip's message above")
        return
    print("The package index serves a GPU build here; asking PyTorch's own index for the CPU build ...", flush=True)
    pip(python, "install", "-q", f"uv=={version_of('uv')}")
    command = [python, "-m", "uv", "pip", "install", "-q", "--python", python, "--torch-backend", "cpu", "-c", str(CONSTRAINTS), wanted]
    if subprocess.run(command).returncode:
        size = download_size(pip_report(python, wanted))
        raise SystemExit(
            f"No CPU build of {wanted} could be had: PyTorch's own index is out of reach, and the package index serves a GPU build of {size}.\n"
            "No part of it was installed. To take the GPU build, run the same command with TORCH=gpu, e.g. make book TORCH=gpu"
        )


def main(arguments: list[str]) -> int:
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        raise SystemExit(f"expected Python 3.11, 3.12 or 3.13, got {sys.version.split()[0]}; e.g. make book PYTHON=python3.12")
    current = "--current" in arguments
    extras = [argument for argument in arguments if argument != "--current"]
    unknown = set(extras) - set(EXTRAS)
    if unknown or not extras:
        raise SystemExit(f"expected one or more of {', '.join(EXTRAS)}, got {' '.join(arguments) or 'nothing'}")
    if current:
        python, stamps = sys.executable, Path(sys.prefix)
    else:
        python, stamps = str(VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")), VENV
    state = hashlib.sha256((ROOT / "pyproject.toml").read_bytes() + CONSTRAINTS.read_bytes()).hexdigest()
    todo = [extra for extra in extras if not (stamps / f".kdtutor-{extra}").exists() or (stamps / f".kdtutor-{extra}").read_text() != state]
    if not todo:
        return 0
    if not Path(python).exists():
        print(f"Making {VENV.name} ...", flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
    install_torch(python)
    print(f"Installing what {', '.join(todo)} need{'s' if len(todo) == 1 else ''} ...", flush=True)
    if pip(python, "install", "-q", "-c", str(CONSTRAINTS), "-e", f"{ROOT}[{','.join(todo)}]").returncode:
        raise SystemExit("pip failed; see its message above")
    for extra in todo:
        (stamps / f".kdtutor-{extra}").write_text(state)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
