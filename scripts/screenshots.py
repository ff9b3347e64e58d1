#!/usr/bin/env python3
"""Walks the dashboards of a running preview in a headless Chromium, and pictures each of their tabs.

    .venv/bin/tapehouse dashboards --dashboards-port 8200 &
    .venv/bin/python scripts/screenshots.py --address http://127.0.0.1:8200 --into docs/images

Exit 1 where a page or its console has an error, a card shows one, something was asked of another address, or a filter
that was set is not in the address, or not there any more after a reload. ``CHROMIUM`` names the browser, where it is
not on the PATH.
"""

import argparse
import base64
import contextlib
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from websockets.sync.client import ClientConnection, connect

NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
SETTLED_WITHIN_S: Final = 60.0
_DIRECT: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))
_STATE: Final = """(() => ({
  waiting: [...document.querySelectorAll('.card .message')].filter(e => e.textContent === '…').length,
  cards: document.querySelectorAll('.card').length,
  errors: [...document.querySelectorAll('.card .message.error')].map(e => e.textContent),
  empty: [...document.querySelectorAll('.card .message:not(.error)')].map(
    e => e.closest('.card').querySelector('.title').textContent + ': ' + e.textContent),
  tabs: [...document.querySelectorAll('.q-tab__label')].map(e => e.textContent),
  links: [...document.querySelectorAll('.top a')].map(e => new URL(e.href).pathname),
  filters: document.querySelectorAll('.filters .q-field').length,
  height: document.documentElement.scrollHeight,
  wide: document.documentElement.scrollWidth > window.innerWidth + 1,
  address: location.href,
}))()"""


_NAME: Final = "at => document.querySelectorAll('.filters .q-field')[at].querySelector('.q-field__label').textContent"
_PLACE: Final = """at => {
  const control = document.querySelectorAll('.filters .q-field')[at].querySelector('.q-field__control');
  const place = control.getBoundingClientRect();
  return [place.x + 30, place.y + place.height / 2];
}"""
_VALUE: Final = "at => document.querySelectorAll('.filters .q-field')[at].querySelector('input').value"
_USE: Final = """async at => {
  const field = document.querySelectorAll('.filters .q-field')[at], input = field.querySelector('input');
  if (field.classList.contains('q-select')) {
    const items = [...document.querySelectorAll('.q-menu .q-item')];
    (items.find(each => !each.classList.contains('q-item--active')) ?? items[0])?.click();
  } else {
    const told = input.type === 'date' ? '2026-11-29' : 'a';
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(input, told);
    input.dispatchEvent(new Event('input', { bubbles: true }));
  }
}"""


class Browser:
    """One page of a headless Chromium, spoken to by its debugging protocol."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self.faults: list[str] = []
        self.asked: set[str] = set()
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **words: Any) -> Any:
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": words}))
        while True:
            told = json.loads(self._socket.recv(timeout=SETTLED_WITHIN_S))
            if told.get("id") == number:
                if "error" in told:
                    raise RuntimeError(f"{method}: {told['error']['message']}")
                return told["result"]
            self._note(told.get("method", ""), told.get("params", {}))

    def _note(self, method: str, told: Any) -> None:
        if method == "Runtime.exceptionThrown":
            details = told["exceptionDetails"]
            self.faults.append(details.get("exception", {}).get("description", details["text"]))
        elif method == "Runtime.consoleAPICalled" and told["type"] == "error":
            self.faults.append(" ".join(str(each.get("value", each.get("description"))) for each in told["args"]))
        elif method == "Log.entryAdded" and told["entry"]["level"] == "error":
            self.faults.append(f"{told['entry']['text']} {told['entry'].get('url', '')}")
        elif method == "Network.requestWillBeSent":
            self.asked.add(told["request"]["url"])
        elif method == "Network.webSocketCreated":
            self.asked.add(told["url"])

    def run(self, script: str) -> Any:
        found = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in found:
            raise RuntimeError(found["exceptionDetails"]["text"])
        return found["result"].get("value")

    def size(self, width: int, height: int) -> None:
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )

    def go(self, address: str) -> Any:
        """Opens the address; the page's state, once every card shows something."""
        self.call("Page.navigate", url=address)
        return self.settled()

    def click(self, x: float, y: float) -> None:
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)
        time.sleep(0.7)  # what it opens is there

    def settled(self) -> Any:
        deadline = time.monotonic() + SETTLED_WITHIN_S
        while time.monotonic() < deadline:
            time.sleep(0.25)
            with contextlib.suppress(RuntimeError):  # a page that is being left has no state
                state = self.run(_STATE)
                if state["cards"] and not state["waiting"]:
                    time.sleep(0.6)  # what was told is drawn in the next frames
                    return self.run(_STATE)
        raise RuntimeError(f"the page does not settle: {self.run(_STATE)}")

    def picture(self, path: Path, width: int, height: int) -> None:
        self.size(width, height)
        time.sleep(0.6)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))


@contextlib.contextmanager
def browser() -> Iterator[Browser]:
    """Chromium with a profile of its own, which reaches loopback alone."""
    command = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if command is None:
        raise SystemExit("There is no Chromium here: install it (Debian's package chromium), or name it by CHROMIUM=.")
    with tempfile.TemporaryDirectory(prefix="tapehouse-walk-", ignore_cleanup_errors=True) as profile:
        words = ["--headless=new", "--remote-debugging-port=0", f"--user-data-dir={profile}", "--no-first-run"]
        words += ["--no-proxy-server", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--hide-scrollbars"]
        words += ["--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]
        words += ["--no-sandbox"] if os.geteuid() == 0 else []  # Chromium has none for root
        process = subprocess.Popen(  # noqa: S603 - spelled out above
            [command, *words, "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            with connect(_page_of(Path(profile) / "DevToolsActivePort"), max_size=None, proxy=None) as socket:
                yield Browser(socket)
        finally:
            process.terminate()
            process.wait()


def _page_of(told: Path) -> str:
    """The address of the one page's debugger."""
    deadline = time.monotonic() + SETTLED_WITHIN_S
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError, ValueError, IndexError):
            port = int(told.read_text().splitlines()[0])
            with _DIRECT.open(f"http://127.0.0.1:{port}/json/list", timeout=5) as answer:
                pages = [each for each in json.load(answer) if each["type"] == "page"]
                return str(pages[0]["webSocketDebuggerUrl"])
        time.sleep(0.1)
    raise SystemExit("Chromium does not start.")


def walk(page: Browser, address: str, into: Path, *, theme: str, width: int, only: str = "") -> Iterator[str]:
    """Pictures every tab of every dashboard; what is wrong with them."""
    page.size(width, 900)
    links = page.go(f"{address}/?{urlencode({'_theme': theme})}")["links"]
    for link in links:
        if only and link.strip("/") != only:
            continue
        tabs = page.go(f"{address}{link}?{urlencode({'_theme': theme})}")["tabs"]
        for at, tab in enumerate(tabs or [""]):
            words = {"_theme": theme, **({"_tab": tab} if at else {})}
            page.size(width, 900)
            state = page.go(f"{address}{link}?{urlencode(words)}")
            name = "-".join(filter(None, [link.strip("/"), tab.lower().replace(" ", "-") if at else ""]))
            suffix = "" if (theme, width >= 1000) == ("light", True) else f"-{theme}-{width}"
            page.picture(into / f"{name}{suffix}.png", width, max(500, int(state["height"])))
            where = f"{name} ({theme}, {width} px)"
            yield from (f"{where}: {each}" for each in state["errors"])
            for each in state["empty"]:
                sys.stdout.write(f"empty: {where}: {each}\n")
            if state["wide"]:
                yield f"{where}: it is wider than the screen"
    page.size(width, 900)


def filtered(page: Browser, address: str) -> Iterator[str]:
    """Uses every filter of every tab, reloads, and looks whether the address kept it."""
    page.size(1400, 900)
    for link in page.go(address)["links"]:
        for tab in page.go(f"{address}{link}")["tabs"] or [""]:
            start = f"{address}{link}?{urlencode({'_tab': tab})}"
            for at in range(page.go(start)["filters"]):
                before = page.go(start)["address"]
                page.click(*page.run(f"({_PLACE})({at})"))
                page.run(f"({_USE})({at})")
                time.sleep(1.0)
                state = page.settled()
                where = f"{link} {tab} {page.run(f'({_NAME})({at})')}"
                yield from (f"{where}: {each}" for each in state["errors"])
                if state["address"] == before:
                    sys.stdout.write(f"one choice only: {where}\n")
                    continue
                shown = page.run(f"({_VALUE})({at})")
                page.call("Page.reload")
                time.sleep(0.5)
                page.settled()
                if page.run(f"({_VALUE})({at})") != shown:
                    yield f"{where}: {shown!r} is lost by a reload"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--address", default="http://127.0.0.1:8200", help="of the running preview")
    parser.add_argument("--into", type=Path, default=Path("build/screenshots"), help="where the pictures go")
    parser.add_argument("--only", default="", help="one dashboard, by its file's name")
    parser.add_argument("--theme", choices=("light", "dark"), default="light")
    parser.add_argument("--width", type=int, default=1400, help="of the screen, in pixels: a phone has 390")
    parser.add_argument("--filters", action="store_true", help="use every filter, too")
    options = parser.parse_args()
    address = options.address.rstrip("/")
    with browser() as page:
        faults = list(walk(page, address, options.into, theme=options.theme, width=options.width, only=options.only))
        if options.filters:
            faults += filtered(page, address)
        faults += [f"the browser: {each}" for each in page.faults]
        here = urlsplit(address).netloc
        other = {each for each in page.asked if urlsplit(each).scheme not in ("data", "blob", "about")}
        faults += [f"asked of another address: {each}" for each in sorted(other) if urlsplit(each).netloc != here]
    for fault in faults:
        sys.stderr.write(f"{fault}\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
