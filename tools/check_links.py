"""Ask each external link of the built site for an answer. Needs the network; run weekly, not in make test.

Run: python tools/check_links.py [build/site]
"""

from __future__ import annotations

import sys
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urldefrag

from check_site import ROOT, Page


def answer(url: str) -> str:
    """An empty text if the link works, else what is wrong."""
    request = urllib.request.Request(url, headers={"User-Agent": "kdtutor link check"})
    try:
        with urllib.request.urlopen(request, timeout=30):
            return ""
    except urllib.error.HTTPError as error:
        # some publishers refuse programs: a refusal is not a dead link
        return "" if error.code in (401, 403, 418, 429) else str(error.code)
    except OSError as error:
        return str(error)


def main(site: Path) -> int:
    urls: dict[str, str] = {}
    for path in sorted(site.rglob("*.html")):
        if "_static" not in path.parts:
            for url in Page(path.read_text("utf-8")).links:
                if url.startswith(("http://", "https://")):
                    urls.setdefault(urldefrag(url)[0], path.relative_to(site).as_posix())
    dead = {url: text for url in urls if (text := answer(url))}
    for url, text in dead.items():
        print(f"{urls[url]}: {url}: {text}")
    print(f"{len(urls)} external links, {len(dead)} dead")
    return 1 if dead else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "site"))
