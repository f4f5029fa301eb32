"""The book's links to other hosts, and when each was last checked: book/links.yml.

    python tools/links.py           compare the built site with the list: each link must be listed, each entry must be in use
    python tools/links.py update    take new links in and unused ones out; a new one counts as never checked
    python tools/links.py ask       ask each host, and write today's date to those that answer (needs the network)

`how` says what the check was: "title", the address stands with this title in a public list; "answer", the host itself answered.
"""

from __future__ import annotations

import datetime
import sys
import urllib.error
import urllib.request
from pathlib import Path

import check_site
import yaml

ROOT = Path(__file__).resolve().parents[1]
SITE, LIST = ROOT / "build" / "site", ROOT / "book" / "links.yml"
HEAD = "# Links of the book to other hosts, and when each was last checked. tools/links.py keeps this file.\n"


def used(site: Path) -> set[str]:
    """Addresses on other hosts that pages of the site link to."""
    return {link for page in check_site.read(site).values() for link in page.links if link.startswith(("http://", "https://"))}


def listed() -> dict[str, dict]:
    return {entry["url"]: entry for entry in yaml.safe_load(LIST.read_text("utf-8"))} if LIST.exists() else {}


def write(entries: dict[str, dict]) -> None:
    LIST.write_text(HEAD + yaml.safe_dump([entries[url] for url in sorted(entries)], sort_keys=False, width=200), "utf-8")


def update() -> int:
    known = listed()
    write({url: known.get(url, {"url": url, "checked": None, "how": None}) for url in used(SITE)})
    return 0


def answers(url: str) -> bool:
    request = urllib.request.Request(url, headers={"User-Agent": "Mozilla/5.0 (link check)"})
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status < 400
    except (urllib.error.URLError, TimeoutError) as error:
        print(f"{url}: {error}")
        return False


def ask() -> int:
    entries = listed()
    asked = {url: answers(url) for url in entries}
    write({url: {**entry, "checked": datetime.date.today(), "how": "answer"} if asked[url] else entry for url, entry in entries.items()})
    return 0 if all(asked.values()) else 1


def compare() -> int:
    there, known = used(SITE), listed()
    for url in sorted(there - known.keys()):
        print(f"not in book/links.yml: {url}; run 'python tools/links.py update', then check the address")
    for url in sorted(known.keys() - there):
        print(f"in book/links.yml, but on no page: {url}; run 'python tools/links.py update'")
    for url in sorted(url for url, entry in known.items() if entry["checked"] is None):
        print(f"never checked: {url}; look it up and write the date into book/links.yml")
    return 0 if there == known.keys() and all(entry["checked"] for entry in known.values()) else 1


if __name__ == "__main__":
    programs = {(): compare, ("update",): update, ("ask",): ask}
    if tuple(sys.argv[1:]) not in programs:
        sys.exit(__doc__)
    sys.exit(programs[tuple(sys.argv[1:])]())
