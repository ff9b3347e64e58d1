"""The preview of a lake in a process of its own, a headless Chromium before it, and how long its pages take.

Times are the page's own: from the navigation's begin, or, of a chart, the moment at which it has finished drawing.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final
from urllib.parse import urlencode

from harness.checkout import HERE, environment  # type: ignore[import-not-found] # beside the script that is run

from embedded import port as ports
from tapehouse.lake import Lake
from tests.metabase.browser.chromium import Browser, browser, command

STARTS_S: Final = 60.0
_ERRORS: Final = "[...document.querySelectorAll('.card .message.error')].map(each => each.textContent).join('; ')"
_WATCH: Final = """(() => {
  const isDrawn = () => {
    const cards = document.querySelectorAll('.card');
    const waits = [...document.querySelectorAll('.card .message')].some(each => each.textContent === '…');
    const charts = [...document.querySelectorAll('.card .nicegui-echart')];
    const asks = document.querySelector('.card.asking') !== null;
    return cards.length > 0 && !waits && !asks && charts.every(each => each.querySelector('canvas'));
  };
  const look = () => requestAnimationFrame(() => {
    if (!isDrawn()) return look();
    requestAnimationFrame(() => requestAnimationFrame(() => { window.drawnMs = performance.now(); }));
  });
  look();
})()"""
"""Two frames after the last card has its content and each chart its canvas: what was told to a canvas is on it then."""
_FOLLOW: Final = """(async () => {
  const { echarts } = await import('nicegui-echart');
  const charts = [...document.querySelectorAll('.card [_echarts_instance_]')].map(echarts.getInstanceByDom);
  const chart = charts.find(each => each.getOption().series[0].type === 'candlestick');
  window.firstSeenMs = {};
  chart.on('finished', () => {
    const newest = chart.getOption().xAxis[0].data.at(-1);
    window.firstSeenMs[newest.value ?? newest] ??= Date.now();
  });
})()"""


class Page:
    """One page of a preview."""

    def __init__(self, browser_page: Browser, address: str) -> None:
        self._page, self._address = browser_page, address
        browser_page.call("Page.addScriptToEvaluateOnNewDocument", source=_WATCH)
        browser_page.size(1400, 900)

    def drawn_s(self, dashboard: str, tab: str, **values: str) -> float:
        """Seconds from the navigation until every card is drawn. Raises SystemExit where one shows an error."""
        words = {**({"_tab": tab} if tab else {}), **values}
        self._page.open(f"{self._address}/{dashboard}?{urlencode(words)}")
        drawn = float(self._page.until("window.drawnMs ?? 0", f"{dashboard} {tab}"))
        if errors := self._page.run(_ERRORS):
            raise SystemExit(f"{dashboard} {tab}: {errors}")
        return drawn / 1000

    def cards(self) -> int:
        return int(self._page.run("document.querySelectorAll('.card').length"))

    def follow_candles(self) -> None:
        """From now on the page notes when its chart of candles first showed which newest window."""
        self._page.run(_FOLLOW)

    def first_seen(self) -> Mapping[str, float]:
        """Label of a window → seconds since the epoch."""
        return {name: at / 1000 for name, at in self._page.run("window.firstSeenMs").items()}


@contextmanager
def open_page(lake: Lake) -> Iterator[Page]:
    """A page of a preview of the lake; both end with the context. Raises SystemExit where there is no Chromium."""
    name = command()
    if name is None:
        raise SystemExit("There is no Chromium here: install it, or name it by CHROMIUM=.")
    with _preview(lake) as address, browser(name) as page:
        yield Page(page, address)


@contextmanager
def _preview(lake: Lake) -> Iterator[str]:
    port = ports.choose(0, purpose="the dashboards")
    words = [sys.executable, "-m", "cli.main", "dashboards", "--lake", lake.uri, "--dashboards-port", str(port)]
    server = subprocess.Popen(words, cwd=HERE, env={**environment(HERE), **_LOCAL}, stdout=subprocess.DEVNULL)
    try:
        ends = time.monotonic() + STARTS_S
        while ports.is_free(port):
            if server.poll() is not None or time.monotonic() > ends:
                raise SystemExit(f"The dashboards did not start: {' '.join(words)}")
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


_LOCAL: Final = {"TARGET": "local", "PATH": os.environ["PATH"]}
