"""A browser is held to the checked address, its time and its bytes. A program of the test's own stands in for it."""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lambdas.crawler.chromium import BrowserError, Chromium
from lambdas.crawler.guard import ForbiddenAddressError, Guard
from lambdas.crawler.renderer import MOST_BYTES, NotAPageError, Rendered
from tapehouse.errors import TerminalError
from tests.lambdas.crawler.site import Resolver

URL = "http://one.test:8000/a?b=1"
Render = Callable[..., Rendered]


@pytest.fixture
def render(tmp_path: Path) -> Render:
    """Renders with a program of these lines."""

    def run(program: str, url: str = URL, timeout_s: float = 20.0, to: str = "127.0.0.1") -> Rendered:
        path = tmp_path / "browser.py"
        path.write_text(program)
        guard = Guard(loopback=True, resolve=Resolver(one_test=[to]))
        browser = Chromium(
            [sys.executable, str(path)], guard=guard, check=lambda _: None, user_agent="tapehouse/0.1",
            timeout_s=timeout_s, clock=lambda: 5,
        )  # fmt: skip
        return browser.render(url)

    return run


TELLS = "import json, os, sys\nprint(json.dumps([sys.argv[1:], dict(os.environ), os.getcwd()]))"


def test_it_is_given_the_address_and_no_way_to_another(render: Render, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "hunter2")
    found = render(TELLS)
    words, environment, folder = json.loads(found.html)
    assert words[-1] == URL
    assert "--host-resolver-rules=MAP one.test 127.0.0.1, MAP * ~NOTFOUND" in words
    assert {"--headless=new", "--dump-dom", "--no-proxy-server", "--user-agent=tapehouse/0.1"} <= set(words)
    assert f"--user-data-dir={folder}" in words
    assert not [name for name in environment if name.startswith("AWS_")]
    assert not Path(folder).exists()
    assert (found.url, found.fetched_at_us) == ("http://one.test:8000/a", 5)


def test_an_ipv6_address_stands_in_brackets(tmp_path: Path) -> None:
    guard = Guard(loopback=True, resolve=Resolver(one_test=["::1"]))
    browser = Chromium(["x"], guard=guard, check=lambda _: None, user_agent="t")
    assert browser.words(guard.check(URL), "/p")[-1] == "--host-resolver-rules=MAP one.test [::1], MAP * ~NOTFOUND"


@pytest.mark.parametrize("url", ["http://169.254.169.254/", "file:///etc/passwd", "http://u@one.test/", "--version"])
def test_the_guard_comes_first(render: Render, url: str) -> None:
    with pytest.raises(ForbiddenAddressError):
        render(TELLS, url)


def test_so_does_what_the_name_leads_to(render: Render) -> None:
    with pytest.raises(ForbiddenAddressError, match=r"leads to 10\.0\.0\.1"):
        render(TELLS, to="10.0.0.1")


def test_and_so_do_the_site_and_the_task() -> None:
    def check(url: str) -> None:
        raise TerminalError("not here")

    browser = Chromium(["/nonexistent"], guard=Guard(loopback=True), check=check, user_agent="t")
    with pytest.raises(TerminalError, match="not here"):
        browser.render("http://127.0.0.1/")


def test_one_that_hangs_is_ended_with_all_that_it_started(render: Render, tmp_path: Path) -> None:
    started = tmp_path / "pid"
    program = f"""import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
open({str(started)!r}, "w").write(str(child.pid))
time.sleep(60)"""
    began = time.monotonic()
    with pytest.raises(BrowserError, match="more than 2 s"):
        render(program, timeout_s=2)
    assert time.monotonic() - began < 15
    if started.exists():
        state = Path(f"/proc/{started.read_text()}/stat")
        assert not state.exists() or " Z " in state.read_text()


def test_one_that_does_not_stop_talking_is_ended(render: Render) -> None:
    with pytest.raises(NotAPageError, match="bytes"):
        render(f"import sys\nwhile True: sys.stdout.write('x' * {MOST_BYTES // 4})")


@pytest.mark.parametrize(
    ("program", "why"),
    [("import sys; sys.exit(3)", "ended with 3"), ("", "printed nothing"), ("print(' ')", "nothing")],
)
def test_one_that_fails_is_tried_again_later(render: Render, program: str, why: str) -> None:
    with pytest.raises(BrowserError, match=why):
        render(program)


def test_one_that_is_not_there_says_so() -> None:
    browser = Chromium(["/nonexistent"], guard=Guard(loopback=True), check=lambda _: None, user_agent="t")
    with pytest.raises(BrowserError, match="/nonexistent cannot be started"):
        browser.render("http://127.0.0.1/")


def test_what_it_prints_is_bounded_as_any_page(render: Render) -> None:
    with pytest.raises(NotAPageError, match="elements"):
        render("print('<div>' * 30000)")
