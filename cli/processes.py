"""The processes of ``run-app``: the venue simulator and the producers, started and watched.

====================  =====================================================================================
nothing set           the simulated venues by their real clients, and the synthetic source
``RECORDINGS``        the simulator plays the folder; one finite producer a recorded session, a few at a time
``FEEDS``             the real venues' clients; no simulator
====================  =====================================================================================
"""

import json
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cli import bounded_pass
from cli.command import Target
from cli.refresh import settings_of
from embedded import port as ports
from tapehouse import logs
from tapehouse.errors import TerminalError
from tapehouse.write_once import write_over

log = logs.of(__name__)

SIMULATOR: Final = "simulator"
SPOILED: Final = ("--duplicates", "0.01", "--late", "0.01", "--malformed", "0.01", "--gaps", "0.005")
"""Of the synthetic source: what a real line brings now and then, so that its tables are not empty."""
AT_ONCE: Final = 3
"""Finite producers side by side: each is a Python process, and the cores are Spark's too."""
READY_WITHIN_S: Final = 30.0
RESTARTS: Final = 5
"""A producer that was killed is started again; one that dies this often has a reason that its log tells."""


@dataclass(frozen=True, slots=True)
class Producer:
    """One producer to start: its name in the stack, and its arguments behind ``tapehouse produce``."""

    name: str
    arguments: tuple[str, ...]


class AppProcesses:
    """Starts them, starts again those that died, collects the producers' reports."""

    def __init__(
        self,
        here: Target,
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._here, self._clock, self._sleep = here, clock, sleep
        self._settings = here.settings
        self._reports = here.stack.folder / "reports"
        self._waiting: list[Producer] = []
        self._started: dict[str, Producer] = {}
        self._restarts: Counter[str] = Counter()
        self.truths: list[Path] = []
        """Every trade that the simulated venues and the synthetic market made, as JSON lines; only in one bounded
        pass."""

    @property
    def names(self) -> list[str]:
        """Everyone of this run, for ``Stack.stop``; producers that were only waiting are not in it."""
        return [SIMULATOR, *self._started]

    @property
    def total(self) -> int:
        """Producers of this run, those that wait for their turn too."""
        return len(self._started) + len(self._waiting)

    def start(self) -> None:
        """Starts the simulator where one is wanted, and the first producers."""
        self._reports.mkdir(parents=True, exist_ok=True)
        for old in self._reports.iterdir():
            old.unlink()
        self._waiting = list(self._planned())
        self.supervise()

    def supervise(self) -> None:
        """Starts those whose turn has come, and again those that died before their end."""
        running = self._running()
        ended = self.reports()
        for name, producer in self._started.items():
            if name not in running and name not in ended:
                self._restarts[name] += 1
                if self._settings.once or self._restarts[name] > RESTARTS:
                    raise TerminalError(f"The producer {name} died: see {self._here.stack.log_path(name)}.")
                log.warning("producer_died", name=name, log=self._here.stack.log_path(name), note="started again")
                self._launch(producer)
        if self._simulated and SIMULATOR not in running:
            raise TerminalError(f"The venue simulator died: see {self._here.stack.log_path(SIMULATOR)}.")
        busy = sum(name in running for name in self._started)
        limit = AT_ONCE if self._settings.recordings else self.total
        while self._waiting and busy < limit:
            self._launch(self._waiting.pop(0))
            busy += 1

    @property
    def _simulated(self) -> bool:
        return not self._settings.feeds

    def _running(self) -> set[str]:
        return set(self._here.stack.alive())

    @property
    def running(self) -> int:
        """Producers that run now."""
        return len(self._running() & self._started.keys())

    @property
    def finished(self) -> bool:
        """Whether every producer came to its end and reported."""
        return not self._waiting and self._started.keys() <= self.reports().keys()

    def reports(self) -> dict[str, dict[str, Any]]:
        """The final counts of the producers that ended, by name."""
        return {path.stem: json.loads(path.read_text()) for path in self._reports.glob("*.json")}

    def stop_producers(self) -> list[str]:
        """They flush and end; returns who had to be killed."""
        self._waiting.clear()
        return self._here.stack.stop(list(self._started))

    def _launch(self, producer: Producer) -> None:
        report = self._reports / f"{producer.name}.json"
        command = [sys.executable, "-m", "cli.main", "produce", *producer.arguments]
        command += ["--lake", self._here.lake.uri, "--stream-name", self._settings.stream_name]
        command += ["--origin", self._settings.origin, "--report", str(report)]
        self._here.stack.start(producer.name, command, role="producer")
        self._started[producer.name] = producer

    def _symbols(self, feed: str) -> tuple[str, ...]:
        """The markets that were asked for; a vendor's words, as binance:BTC-USDT, are for vendors alone."""
        from producers.run.venue import takes

        words = self._settings.symbols
        of_vendors = [word for word in words if ":" in word]
        if of_vendors:
            words = tuple(of_vendors if takes(feed, of_vendors[0]) else (w for w in words if ":" not in w))
        return ("--symbols", ",".join(words)) if words else ()

    def _refuse_unread_markets(self) -> None:
        """Raises TerminalError for a vendor's market where no vendor is connected to."""
        from producers.run.venue import takes

        feeds = self._settings.feeds
        for word in self._settings.symbols:
            if ":" in word and not any(takes(feed, word) for feed in feeds):
                none = f"none of FEEDS={','.join(feeds)} has it" if feeds else "no FEEDS are set"
                raise TerminalError(f"{word} is a vendor's market, and {none}.")

    def _planned(self) -> Iterator[Producer]:
        if not self._settings.recordings:
            self._refuse_unread_markets()
        if self._settings.feeds:
            for name in self._settings.feeds:
                yield Producer(name, ("--feed", name, *self._symbols(name)))
            return
        port = self._start_simulator()
        if self._settings.recordings:
            yield from self._replays(port)
            return
        from embedded.venues import BY_DEFAULT, MARKETS, addresses

        for name in BY_DEFAULT:
            url, rest_url = addresses(name, f"{ports.HOST}:{port}")
            urls = ("--url", url, "--rest-url", rest_url)
            symbols = ",".join(MARKETS[name])
            finite = ("--finite",) if self._settings.once else ()
            yield Producer(name, ("--feed", name, *urls, "--symbols", symbols, "--no-marks", *finite))
        amount: tuple[str, ...] = ("--rate", f"{self._rate_per_s:g}")
        if self._settings.once:
            amount = bounded_pass.synthetic_words(settings_of(self._here), int(self._clock() * 1_000_000))
            amount += ("--truth", self._truth("synthetic"))
        words = ("--feed", "synthetic", "--seed", str(self._settings.seed), *amount, *SPOILED, *self._history())
        yield Producer("synthetic", (*words, *self._symbols("synthetic")))

    def _history(self) -> tuple[str, ...]:
        """The synthetic market's past goes into a new lake, and goes on in one that has one."""
        from producers.synthetic import chronicle_path

        is_told = chronicle_path(self._here.lake.path).exists()
        if not is_told and not (self._settings.history_h and self._is_fresh()):
            return ()
        return ("--history-h", f"{self._settings.history_h:g}")

    @property
    def _rate_per_s(self) -> float:
        """Each source's share of the trades."""
        from embedded.venues import BY_DEFAULT

        return self._settings.trades_per_s / (len(BY_DEFAULT) + 1)

    def _replays(self, port: int) -> Iterator[Producer]:
        for session in _get(port, "/replay"):
            name = "replay-" + session["path"].removeprefix("/replay/").replace("/", "-")
            words = ["--feed", session["feed"], "--url", f"ws://{ports.HOST}:{port}{session['path']}", "--finite"]
            if session["symbols"]:
                words += ["--symbols", ",".join(session["symbols"])]
            yield Producer(name, (*words, "--no-marks"))

    def _start_simulator(self) -> int:
        """Starts the venues and waits until they answer; returns their port."""
        settings = self._settings
        port = ports.choose(0, purpose="the venue simulator")
        words = ["--port", str(port)]
        if settings.recordings:
            words += ["--recordings", str(settings.recordings), "--speed", "max" if settings.once else "1"]
        else:
            words += ["--seed", str(self._seed())]
            write_over(self._simulated_before, b"", new_mode=0o644)
            words += ["--rate", f"{bounded_pass.RATE_PER_S if settings.once else self._rate_per_s:g}"]
        if settings.once and not settings.recordings:
            words += ["--trades", str(bounded_pass.TRADES), "--truth", self._truth(SIMULATOR)]
        command = [sys.executable, "-m", "embedded.venues", *words]
        member = self._here.stack.start(SIMULATOR, command, role="simulator", port=port)
        deadline = self._clock() + READY_WITHIN_S
        while _get(port, "/health") is None:
            if not member.process.alive or self._clock() > deadline:
                raise TerminalError(f"The venue simulator did not start: see {self._here.stack.log_path(SIMULATOR)}.")
            self._sleep(0.05)
        return port

    def _truth(self, name: str) -> str:
        """Where who is named so writes what it made."""
        self.truths.append(self._here.stack.folder / f"{name}-truth.jsonl")
        return str(self.truths[-1])

    def _seed(self) -> int:
        """The seed that was set for a new lake; another where venues were simulated before: what they traded may be in
        the stream and not yet in bronze, and their ids must not come again."""
        is_first = self._is_fresh() and not self._simulated_before.exists()
        return self._settings.seed if is_first else self._settings.seed + int(self._clock())

    @property
    def _simulated_before(self) -> Path:
        return self._here.lake.path / "_producers" / "simulated"

    def _is_fresh(self) -> bool:
        return "bronze.trades" not in self._here.lake.existing_tables()


_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _get(port: int, path: str) -> Any:
    """The JSON at the simulator's path; None where it does not answer."""
    try:
        with _DIRECT.open(f"http://{ports.HOST}:{port}{path}", timeout=5) as answer:
            return json.load(answer)
    except (OSError, ValueError):
        return None
