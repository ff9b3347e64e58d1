"""One page of a headless Chromium, spoken to by its debugging protocol: no driver to install, nothing from outside."""

import base64
import contextlib
import itertools
import json
import os
import shutil
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from websockets.sync.client import ClientConnection, connect

NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
WITHIN_S: Final = 60.0
POLL_S: Final = 0.05
_DIRECT: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def command() -> str | None:
    """The browser that ``CHROMIUM`` names, or one that is on the PATH."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """A page. ``faults`` is what it and its console complained about, ``asked`` the addresses that it went to."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self.faults: list[str] = []
        self.asked: set[str] = set()
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **words: Any) -> Any:
        """Raises RuntimeError for what the browser refuses."""
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": words}))
        while True:
            told = json.loads(self._socket.recv(timeout=WITHIN_S))
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
        """What a script says. Raises RuntimeError for what it throws."""
        found = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in found:
            raise RuntimeError(found["exceptionDetails"].get("exception", {}).get("description", "it threw"))
        return found["result"].get("value")

    def until(self, script: str, what: str, within_s: float = WITHIN_S) -> Any:
        """What a script says, once it says something. Raises RuntimeError where it never does."""
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            with contextlib.suppress(RuntimeError):  # a page that is being left says nothing
                if found := self.run(script):
                    return found
            time.sleep(POLL_S)
        raise RuntimeError(f"{what}: not within {within_s:g} s")

    def open(self, address: str) -> None:
        """Goes there; what is run from then on is run in that page. Raises RuntimeError where it never comes.

        Not by way of an empty page: two navigations at once are a race, after which a busy Chromium answers nothing.
        """
        before = self.run("performance.timeOrigin")
        self.call("Page.navigate", url=address)
        self.until(f"performance.timeOrigin !== {before!r}", f"{address} is not opened")

    def size(self, width: int, height: int) -> None:
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )

    def click(self, x: float, y: float) -> None:
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def picture(self, path: Path, width: int, height: int) -> None:
        self.size(width, height)
        time.sleep(0.6)  # charts follow their new size in the next frames
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))


@contextlib.contextmanager
def browser(name: str) -> Iterator[Browser]:
    """The browser of that name, with a profile of its own; it reaches loopback alone. Raises RuntimeError."""
    with tempfile.TemporaryDirectory(prefix="tapehouse-walk-", ignore_cleanup_errors=True) as profile:
        words = ["--headless=new", "--remote-debugging-port=0", f"--user-data-dir={profile}", "--no-first-run"]
        words += ["--no-proxy-server", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--hide-scrollbars"]
        words += ["--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]
        words += ["--no-sandbox"] if os.geteuid() == 0 else []  # Chromium has none for root
        process = subprocess.Popen(
            [name, *words, "about:blank"],
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
    deadline = time.monotonic() + WITHIN_S
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError, ValueError, IndexError):
            port = int(told.read_text().splitlines()[0])
            with _DIRECT.open(f"http://127.0.0.1:{port}/json/list", timeout=5) as answer:
                pages = [each for each in json.load(answer) if each["type"] == "page"]
                return str(pages[0]["webSocketDebuggerUrl"])
        time.sleep(POLL_S)
    raise RuntimeError("Chromium does not start")
