"""Two requests of one host are apart."""

from lambdas.crawler.pace import Pace


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def pace(time: Time) -> Pace:
    return Pace(least_s=1, most_s=10, monotonic=time.monotonic, sleep=time.sleep)


def test_the_first_request_of_a_host_waits_for_nothing() -> None:
    time = Time()
    waiting = pace(time)
    waiting.wait("a")
    waiting.wait("b")
    assert time.slept == []


def test_the_next_waits_for_what_is_left() -> None:
    time = Time()
    waiting = pace(time)
    waiting.wait("a")
    time.now += 0.25
    waiting.wait("a")
    time.now += 5
    waiting.wait("a")
    assert time.slept == [0.75]


def test_a_sites_crawl_delay_is_honoured_up_to_a_cap() -> None:
    time = Time()
    waiting = pace(time)
    for wanted in (0, 4, 0.1, 86_400):
        waiting.wait("a", wanted)
    assert time.slept == [4, 1, 10]
