"""Time the site: how soon a reader sees a page, and how long its author waits for a build.

python benchmarks/site.py paint [ROUNDS]     largest paint in ms on loopback, processor 4 times slower, with and without scripts
python benchmarks/site.py build              seconds from nothing, with nothing changed, after a changed sentence; cells are not run again
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))
PAGES = ("en/index.html", "en/foundations/the-loss.html", "zh/foundations/the-loss.html", "en/practice/compression.html", "zh/appendix/register.html")
WATCH = """window.paint = 0;
const keep = list => list.getEntries().forEach(e => { paint = e.startTime; });
new PerformanceObserver(keep).observe({ type: 'largest-contentful-paint', buffered: true });
"""
CHAPTER = ROOT / "book" / "understanding" / "variants.md"


def painted(browser, address: str, blocked: bool) -> float:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.add_init_script(WATCH)
    if blocked:
        page.route("**/*.js*", lambda route: route.abort())
    context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": 4})
    page.goto(address, wait_until="load")
    page.wait_for_timeout(1500)
    found = page.evaluate("() => window.paint")
    context.close()
    return found


def paint(rounds: int) -> None:
    import pdf
    from playwright.sync_api import sync_playwright

    with pdf.served() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=pdf.chromium(), args=["--no-sandbox", "--disable-gpu"])
        painted(browser, f"{address}/{PAGES[0]}", False)  # the browser's own start
        for name in PAGES:
            whole, bare = ([painted(browser, f"{address}/{name}", blocked) for _ in range(rounds)] for blocked in (False, True))
            print(
                f"{name:34s} {statistics.median(whole):6.0f} ({min(whole):.0f} to {max(whole):.0f})   without scripts {statistics.median(bare):6.0f}"
            )
        browser.close()


def timed(label: str) -> None:
    start = time.time()
    subprocess.run([sys.executable, "tools/build.py"], cwd=ROOT, check=True, capture_output=True)
    print(f"{label:30s} {time.time() - start:6.1f} s")


def build() -> None:
    text = CHAPTER.read_text("utf-8")
    timed("first, to be up to date")
    for language in ("en", "zh"):
        shutil.rmtree(ROOT / "build" / language)
    (ROOT / "build" / "site.stamp").unlink()
    timed("from nothing")
    timed("nothing changed")
    at = text.index("\n\n", text.index("## The answer in 60 seconds"))
    try:
        CHAPTER.write_text(f"{text[:at]}\n\nA sentence to be timed.{text[at:]}", "utf-8")
        timed("after a changed sentence")
    finally:
        CHAPTER.write_text(text, "utf-8")
    timed("after changing it back")


if __name__ == "__main__":
    if sys.argv[1:2] == ["paint"]:
        paint(int(sys.argv[2]) if len(sys.argv) > 2 else 5)
    elif sys.argv[1:] == ["build"]:
        build()
    else:
        sys.exit(__doc__)
