#!/usr/bin/env python3
"""Walks the dashboards of a running preview in a headless Chromium, and pictures each of their tabs.

    .venv/bin/tapehouse dashboards --dashboards-port 8200 &
    .venv/bin/python scripts/screenshots.py --address http://127.0.0.1:8200 --into docs/images

Exit 1 where a page or its console has an error, a card shows one, something was asked of another address, or, on a
desk's screen, anything is wider than its place. With ``--filters`` every filter of every tab is used as well, and
judged as ``tests/metabase/browser/walk.py`` says. ``CHROMIUM`` names the browser, where it is not on the PATH.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import urlencode, urlsplit

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from metabase import book  # noqa: E402
from metabase.dashboard import Dashboard  # noqa: E402
from tests.metabase.browser.chromium import NAMES, browser, command  # noqa: E402
from tests.metabase.browser.tab import TabPage  # noqa: E402
from tests.metabase.browser.walk import Walk  # noqa: E402

DESK_PX: Final = 1_000
"""Screens from which on a table has room for all of its columns."""


def pictures(page: TabPage, address: str, dashboard: Dashboard, into: Path, *, theme: str, width: int) -> Iterator[str]:
    """Pictures every tab of a dashboard; what is wrong with them."""
    for at, tab in enumerate(dashboard.tabs):
        words = {"_theme": theme, **({"_tab": tab.title} if at else {})}
        page.browser.size(width, 900)
        page.go(f"{address}/{dashboard.name}?{urlencode(words)}")
        name = "-".join(filter(None, [dashboard.name, tab.title.lower().replace(" ", "-") if at else ""]))
        suffix = "" if (theme, width >= DESK_PX) == ("light", True) else f"-{theme}-{width}"
        state, cards = page.state, page.cards().values()
        page.browser.picture(into / f"{name}{suffix}.png", width, max(500, int(state["height"])))
        where = f"{name} ({theme}, {width} px)"
        yield from (f"{where}: {card.error}" for card in cards if card.error)
        for card in cards:
            if card.empty:
                sys.stdout.write(f"empty: {where}: {card.question}: {card.empty}\n")
        if state["wide"]:
            yield f"{where}: it is wider than the screen"
        if width >= DESK_PX:
            yield from (f"{where}: cut off: {each}" for each in page.cut)
    page.browser.size(width, 900)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--address", default="http://127.0.0.1:8200", help="of the running preview")
    parser.add_argument("--into", type=Path, default=Path("build/screenshots"), help="where the pictures go")
    parser.add_argument("--only", default="", help="one dashboard, by its file's name")
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
            faults += pictures(page, address, dashboard, options.into, theme=options.theme, width=options.width)
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
