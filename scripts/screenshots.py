#!/usr/bin/env python3
"""Walks the dashboards of a running preview in a headless Chromium, and pictures each of their tabs.

    .venv/bin/tapehouse dashboards --dashboards-port 8200 &
    .venv/bin/python scripts/screenshots.py --into docs/images --pictures flow,forecast,health,news,portfolio
    .venv/bin/python scripts/screenshots.py --into docs/images --pictures markets-chart --choose interval=5s

Exit 1 where a page or its console has an error, a card shows one, something was asked of another address, a word of a
chart is cut off or drawn over, or, on a desk's screen, anything is wider than its place. With ``--filters`` every
filter of every tab is used as well, and judged as ``tests/metabase/browser/walk.py`` says. ``CHROMIUM`` names the
browser, where it is not on the PATH.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from metabase import book  # noqa: E402
from metabase.dashboard import Dashboard  # noqa: E402
from tests.metabase.browser.chromium import NAMES, browser, command  # noqa: E402
from tests.metabase.browser.tab import DESK_PX, TabPage  # noqa: E402
from tests.metabase.browser.walk import Walk  # noqa: E402


def pictures(page: TabPage, address: str, dashboard: Dashboard, options: argparse.Namespace) -> Iterator[str]:
    """Pictures the tabs of a dashboard that are wanted; what is wrong with them."""
    theme, width = options.theme, options.width
    for at, tab in enumerate(dashboard.tabs):
        name = "-".join(filter(None, [dashboard.name, tab.title.lower().replace(" ", "-") if at else ""]))
        if options.pictures and name not in options.pictures.split(","):
            continue
        words = {"_theme": theme, **({"_tab": tab.title} if at else {}), **dict(parse_qsl(options.choose))}
        page.browser.size(width, 900)
        page.go(f"{address}/{dashboard.name}?{urlencode(words)}")
        suffix = "" if (theme, width >= DESK_PX) == ("light", True) else f"-{theme}-{width}"
        state, cards = page.state, page.cards().values()
        page.browser.picture(options.into / f"{name}{suffix}.png", width, max(500, int(state["height"])))
        where = f"{name} ({theme}, {width} px)"
        yield from (f"{where}: {card.error}" for card in cards if card.error)
        for card in cards:
            if card.empty:
                sys.stdout.write(f"empty: {where}: {card.question}: {card.empty}\n")
        if state["wide"]:
            yield f"{where}: it is wider than the screen"
        yield from (f"{where}: not to be read: {each}" for each in page.covered)
        if width >= DESK_PX:
            yield from (f"{where}: cut off: {each}" for each in page.cut)
    page.browser.size(width, 900)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--address", default="http://127.0.0.1:8200", help="of the running preview")
    parser.add_argument("--into", type=Path, default=Path("build/screenshots"), help="where the pictures go")
    parser.add_argument("--only", default="", help="one dashboard, by its file's name")
    parser.add_argument("--pictures", default="", help="only these, by their names, with commas between them")
    parser.add_argument("--choose", default="", help="values of filters: exchange=kraken&interval=5s")
    parser.add_argument("--theme", choices=("light", "dark"), default="light")
    parser.add_argument("--width", type=int, default=1400, help="of the screen, in pixels: a phone has 390")
    parser.add_argument("--filters", action="store_true", help="use every filter, too")
    parser.add_argument(
        "--still", action="store_true", help="nothing writes to the lake meanwhile: judge more strictly"
    )
    options = parser.parse_args()
    address = options.address.rstrip("/")
    name = command()
    if name is None:
        parser.error(f"none of {', '.join(NAMES)} is here: install Debian's package chromium, or name one by CHROMIUM=")
    read = book.read()
    faults: list[str] = []
    with browser(name) as chromium:
        page = TabPage(chromium)
        walk = Walk(page, read, is_still=options.still)
        for dashboard in read.dashboards.values():
            if options.only not in ("", dashboard.name):
                continue
            faults += pictures(page, address, dashboard, options)
            for tab in dashboard.tabs if options.filters else ():
                faults += walk.use(address, dashboard, tab)
        faults += [f"the browser: {each}" for each in chromium.faults]
        sys.stdout.writelines(f"{each}\n" for each in walk.notes)
        here = urlsplit(address).netloc
        other = {each for each in chromium.asked if urlsplit(each).scheme not in ("data", "blob", "about")}
        faults += [f"asked of another address: {each}" for each in sorted(other) if urlsplit(each).netloc != here]
    for fault in faults:
        sys.stderr.write(f"{fault}\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
