"""A Content-Security-Policy in each page: scripts of the site only, no request to another host, and nothing that phones home.

The theme's few scripts that stand in the page itself are named by their checksums. MathJax writes style elements, so styles may be inline.
"""

from __future__ import annotations

import base64
import hashlib
import re

INLINE = re.compile(r"<script(?![^>]*\bsrc=)([^>]*)>(.*?)</script>", re.DOTALL)
CHARSET = re.compile(r'<meta charset="utf-8" ?/?>', re.IGNORECASE)


def policy(page: str) -> str:
    """The policy for the text of one page."""
    scripts = [text for attributes, text in INLINE.findall(page) if "application/json" not in attributes]
    sums = sorted({base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in scripts})
    rules = {
        "default-src": "'none'",
        "script-src": " ".join(["'self'", *(f"'sha256-{value}'" for value in sums)]),
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data:",
        "font-src": "'self' data:",
        "base-uri": "'none'",
        "form-action": "'self'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def protect(page: str) -> str:
    return CHARSET.sub(lambda found: f'{found[0]}\n<meta http-equiv="Content-Security-Policy" content="{policy(page)}">', page, count=1)
