"""The book's Sphinx extension. One module a concern; each has its own `setup`."""

from __future__ import annotations

import zlib
from pathlib import Path

from kdbook import (
    api,
    exercise,
    incremental,
    interactive,
    launch,
    offline,
    page,
    questions,
    quick,
    register,
    search,
    status,
    trainer,
    translation,
    weight,
)

MODULES = (translation, offline, page, launch, search, register, questions, interactive, exercise, status, api, trainer, weight, incremental, quick)


def setup(app):
    for module in MODULES:
        module.setup(app)
    # Sphinx does not notice a changed extension: a new checksum re-reads every page.
    source = b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))
    return {"version": "1", "env_version": zlib.crc32(source), "parallel_read_safe": True, "parallel_write_safe": True}
