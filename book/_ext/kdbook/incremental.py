"""Which pages Sphinx writes again: if a title, a label or a term changed, all of them, for any may show it."""

from __future__ import annotations

import hashlib
from pathlib import Path

STAMP = ".shared"  # beside the pages: it goes when they go


def shared(env) -> str:
    """A checksum of what pages show of other pages."""
    std, python, cite = (env.get_domain(name) for name in ("std", "py", "cite"))
    parts = [
        sorted((name, title.astext()) for name, title in env.titles.items()),
        sorted(env.toctree_includes.items()),
        sorted((name, sorted(identifier for identifier, _ in drawn)) for name, drawn in env.kd_drawn.items()),
        *(sorted(map(str, found.items())) for found in (std.labels, std.anonlabels, std.objects, python.objects)),
        sorted((found.docname, found.citation_ref_id, *(target.key for target in found.targets)) for found in cite.citation_refs),
    ]
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def rewrite(app, env):
    if app.builder.format != "html":
        return []
    stamp, now = Path(app.outdir, STAMP), shared(env)
    before = stamp.read_text() if stamp.exists() else ""
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(now)
    return [] if before == now else list(env.found_docs)


def setup(app):
    app.connect("env-updated", rewrite)
