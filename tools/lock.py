"""Choose versions anew and write requirements/constraints.txt. Torch stays as it is: change its line by hand.

Run: python tools/lock.py            (all versions, newest that fit together)
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from setup_env import CONSTRAINTS, ROOT, version_of

HEAD = "# Every version, one list. Made by 'make lock'. Torch is fixed by hand; its GPU packages are left out."
GPU = ("nvidia-", "cuda-", "triton")


def main() -> int:
    torch, uv = version_of("torch"), version_of("uv")
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", f"uv=={uv}"], check=True)
    with tempfile.TemporaryDirectory() as folder:
        fixed = Path(folder, "fixed.txt")
        fixed.write_text(f"torch=={torch}\n")
        command = ["uv", "pip", "compile", "-q", "--universal", "--all-extras", "--no-annotate", "--no-header", "-c", str(fixed), "pyproject.toml"]
        text = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    lines = [line for line in text.splitlines() if not line.startswith(GPU)]
    CONSTRAINTS.write_text("\n".join([HEAD, *lines, f"uv=={uv}"]) + "\n", "utf-8")
    print(f"{len(lines) + 1} versions")
    return 0


if __name__ == "__main__":
    sys.exit(main())
