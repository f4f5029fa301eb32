"""Run all checks, one after the other, and say what takes the time. The last one closes with pytest's summary.

Run: python tools/test.py            (everything)
     python tools/test.py lint types (some of the steps below)
"""

from __future__ import annotations

import os
import subprocess
import sys
import time

import execute

PYTHON = sys.executable
# a worker a core; a file's tests share its fixtures, and a notebook's cells its kernel, so they stay together
PYTEST = [PYTHON, "-m", "pytest", "-p", "no:cacheprovider", "-n", "logical", "--dist", "loadfile"]
NBVAL = ["--nbval", "--nbval-current-env", "--nbval-cell-timeout=600", "-o", "addopts=", "-q"]
STEPS = {
    "lint": [[PYTHON, "-m", "ruff", "check", "."], [PYTHON, "-m", "ruff", "format", "--check", "-q", "."]],
    "types": [[PYTHON, "-m", "mypy"]],
    "book": [[PYTHON, "tools/build.py"], [PYTHON, "tools/check_site.py"]],
    "translation": [[PYTHON, "tools/po.py", "check"]],
    "exercises": [[PYTHON, "tools/solutions.py", "--check"], [PYTHON, "tools/exercises.py", "--check"], [PYTHON, "tools/graders.py", "--check"]],
    "tests": [[*PYTEST, "--doctest-modules", "kdtutor", "tests"]],
    "notebooks": [[*PYTEST, *NBVAL, "solutions", "build/notebooks"]],
}


def main(names: list[str]) -> int:
    unknown = set(names) - set(STEPS)
    if unknown:
        raise SystemExit(f"expected steps out of {', '.join(STEPS)}, got {', '.join(sorted(unknown))}")
    environment = {**os.environ, **execute.environment(), "MPLBACKEND": "agg"}
    failed, times = [], []
    for name in names or STEPS:
        if name == (names or list(STEPS))[-1] and times:
            print("Seconds so far: " + ", ".join(times), flush=True)
            if failed:
                print(f"FAILED so far: {', '.join(failed)}", flush=True)
        print(f"== {name}", flush=True)
        start = time.time()
        # a notebook sets its own plotting back end
        env = {**environment, "MPLBACKEND": execute.environment()["MPLBACKEND"]} if name == "notebooks" else environment
        codes = [subprocess.run(command, cwd=execute.ROOT, env=env).returncode for command in STEPS[name]]
        if any(codes):
            failed.append(name)
        times.append(f"{name} {time.time() - start:.0f}")
    if failed:
        print(f"FAILED: {', '.join(failed)}", file=sys.stderr, flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
