"""A dashboard's tab in a browser: what its cards show, what is cut off, and its filters, used as a reader would."""

import json
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from tests.metabase.browser.chromium import Browser

DESK_PX: Final = 1_000
"""Screens from which on a table has room for all of its columns."""
_TOLD_WITHIN_S: Final = 20.0
_LOOKS: Final = 3
"""At what a filter offers, before it has nothing else."""
_SETTLED: Final = """(() => {
  const waits = [...document.querySelectorAll('.card .message')].some(each => each.textContent === '…');
  return document.querySelector('.card') !== null && !waits && document.querySelector('.card.asking') === null;
})()"""
_CARDS: Final = """[...document.querySelectorAll(".card[class*='question-']")].map(card => {
  const message = card.querySelector('.message'), drawn = [...card.querySelectorAll('.nicegui-echart')].map(each => {
    const told = window.getElement(each.id.slice(1))?.chart?.getOption();
    return told && [told.xAxis?.map(axis => axis.data), told.series?.map(one => [one.name, one.data])];
  });
  const table = card.querySelector('.q-table__container');
  const rows = table && window.getElement(table.id.slice(1)).$attrs.rows.map(
    row => Object.keys(row).filter(key => key !== 'id').map(key => row[key].text));
  return {
    question: [...card.classList].find(each => each.startsWith('question-')).slice(9),
    error: message?.classList.contains('error') ? message.textContent : '',
    empty: message && !message.classList.contains('error') ? message.textContent : '',
    heads: [...card.querySelectorAll('th')].map(HEAD),
    rows: rows ?? [],
    seen: [...card.querySelectorAll('tbody tr')].map(row => [...row.querySelectorAll('td')].map(
      each => each.innerText.trim())).filter(row => row.length > 1),
    shown: (rows ? '' : card.querySelector('.body').innerText) + JSON.stringify(rows ?? drawn, (_, value) =>
      typeof value === 'number' ? Number(value.toPrecision(9)) : value),
  };
})"""
_HEAD: Final = "head => [...head.childNodes].filter(each => each.nodeType === 3).map(each => each.data).join('').trim()"
"""Without the arrow beside it, which is a word in a font of icons."""
_STATE: Final = """(() => ({
  tabs: [...document.querySelectorAll('.q-tab__label')].map(each => each.textContent),
  links: [...document.querySelectorAll('.top a')].map(each => new URL(each.href).pathname),
  height: document.documentElement.scrollHeight,
  wide: document.documentElement.scrollWidth > window.innerWidth + 1,
}))()"""
_CUT: Final = """(() => {
  const titled = each => each.closest('.card')?.querySelector('.title')?.textContent ?? '';
  const all = '.card .title, .q-table__middle, .figure .number, .facts .value, .q-field__label, .q-btn-toggle';
  return [...document.querySelectorAll(all)].filter(each => each.scrollWidth > each.clientWidth + 1).map(
    each => `${titled(each)} ${each.className.split(' ')[0]}`.trim());
})()"""
_COVERED: Final = """(() => {
  const over = (one, other) => Math.min(one.x + one.width, other.x + other.width) - Math.max(one.x, other.x) > 2
    && Math.min(one.y + one.height, other.y + other.height) - Math.max(one.y, other.y) > 2;
  return [...document.querySelectorAll('.card .nicegui-echart')].flatMap(each => {
    const chart = window.getElement(each.id.slice(1)).chart, page = chart.getZr(), plots = [];
    chart.getModel().eachComponent('grid', grid => plots.push(grid.coordinateSystem.getRect()));
    const words = page.storage.getDisplayList(true, false).filter(
      part => part.style?.text?.trim() && !part.__clipPaths?.length  // a legend that is scrolled
    ).map(part => {
      const place = part.getBoundingRect().clone();
      if (part.transform) place.applyTransform(part.transform);
      let owner = part;
      while (owner && !owner.anid) owner = owner.parent;
      return { text: part.style.text, place, isOfAxis: /^(label_|name)/.test(owner?.anid ?? '') };
    });
    const said = words.flatMap(({ text, place, isOfAxis }, at) => [
      ...(place.x < -1 || place.y < -1 || place.x + place.width > page.getWidth() + 1 ||
        place.y + place.height > page.getHeight() + 1 ? [`${text} leaves the card`] : []),
      ...(isOfAxis && plots.some(plot => over(place, plot)) ? [`${text} is drawn over`] : []),
      ...words.slice(at + 1).filter(other => isOfAxis && other.isOfAxis && over(place, other.place)).map(
        other => `${text} and ${other.text} are one over the other`),
    ]);
    const title = each.closest('.card').querySelector('.title')?.textContent;
    return said.map(fault => `${title}: ${fault}`);
  });
})()"""
"""ECharts draws on a canvas: where its words lie is asked of its own list of what it drew."""
_FIELD: Final = "document.querySelector('.filters .filter-{name}')"
_SHOWN: Final = """(() => {
  const field = FIELD, on = field.querySelector('button.bg-primary');
  return field.classList.contains('choice') ? on?.textContent ?? '' : field.querySelector('input').value;
})()"""
_PLACE: Final = """(() => {
  const place = FIELD.querySelector('.q-field__control').getBoundingClientRect();
  return [place.x + 30, place.y + place.height / 2];
})()"""
_ITEMS: Final = "[...document.querySelectorAll('.q-menu .q-item')].map(each => each.innerText.trim())"
_BUTTONS: Final = "[...FIELD.querySelectorAll('button')].map(each => each.innerText.trim())"
_TYPE: Final = """(() => {
  const input = FIELD.querySelector('input');
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(input, VALUE);
  input.dispatchEvent(new Event('input', { bubbles: true }));
})()"""


@dataclass(frozen=True, slots=True)
class Card:
    """What one card shows."""

    question: str
    error: str
    empty: str
    """What it says where it has nothing to show."""
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    """Of a table, all that it was given."""
    seen: Sequence[Sequence[str]]
    """Of them, those that are drawn: the others are below, or not searched for."""
    shown: str
    """All of it, a chart's numbers too."""


class TabPage:
    """The tab that is open."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser

    def go(self, address: str) -> None:
        """Opens an address, and waits until every card shows something."""
        self.browser.open(address)
        self.settle()

    def reload(self) -> None:
        self.go(self.address)

    def settle(self) -> None:
        self.browser.until(_SETTLED, "the cards do not settle")
        time.sleep(0.15)  # what was told is drawn in the next frames

    @property
    def address(self) -> str:
        return str(self.browser.run("location.href"))

    @property
    def state(self) -> Any:
        return self.browser.run(_STATE)

    @property
    def cut(self) -> Sequence[str]:
        """What is wider than its place."""
        return [str(each) for each in self.browser.run(_CUT)]

    @property
    def covered(self) -> Sequence[str]:
        """Words of charts that are cut off, or drawn over by bars or each other."""
        return [str(each) for each in self.browser.run(_COVERED)]

    def cards(self) -> Mapping[str, Card]:
        return {each["question"]: Card(**each) for each in self.browser.run(_CARDS.replace("HEAD", _HEAD))}

    def search(self, question: str, words: str, *, rows: str) -> None:
        """Types into a table's search, and waits until ``rows``, a condition on their texts, holds of each."""
        table = f"document.querySelector('.question-{question}')"
        self.browser.run(
            _TYPE.replace("FIELD", f"{table}.querySelector('.search')").replace("VALUE", json.dumps(words))
        )
        texts = f"[...{table}.querySelectorAll('tbody tr')].map(row => row.innerText).filter(text => text.trim())"
        self.browser.until(f"{texts}.length > 0 && {texts}.every({rows})", f"{question} is not searched")

    def sort(self, question: str, head: str) -> None:
        """Clicks on a column's head."""
        heads = f"[...document.querySelectorAll('.question-{question} th')]"
        self.browser.run(f"{heads}.find(each => ({_HEAD})(each) === {json.dumps(head)}).click()")
        time.sleep(0.3)

    def follow(self, question: str, words: str, *, beside: str) -> None:
        """Clicks on a market in the row of a table that has another cell ``beside``, and waits for where it leads."""
        rows = f"[...document.querySelectorAll('.question-{question} tbody tr')]"
        cells = "[...row.querySelectorAll('td')].map(each => each.innerText.trim())"
        asked = json.dumps([words, beside])
        row = f"{rows}.find(row => {asked}.every(each => {cells}.includes(each)))"
        before = json.dumps(self.address)
        self.browser.run(
            f"[...{row}.querySelectorAll('a.lead')].find(each => each.innerText === {json.dumps(words)}).click()"
        )
        self.browser.until(f"location.href !== {before}", f"{words} leads nowhere", _TOLD_WITHIN_S)
        time.sleep(0.1)  # the cards are told right behind the address
        self.settle()

    # -- filters ------------------------------------------------------------------------------------------------------

    def value(self, name: str) -> str:
        """What a filter shows."""
        return str(self._of(name, _SHOWN))

    def told(self, name: str) -> str | None:
        """What the address says of it."""
        return parse_qs(urlsplit(self.address).query, keep_blank_values=True).get(name, [None])[0]

    def choose(self, name: str, but: Collection[str] = ()) -> str | None:
        """Picks another value than the one that is shown and those in ``but``; None where there is no other."""
        passed_over = {"", self.value(name), *but}
        if self._of(name, "FIELD.classList.contains('choice')"):
            return self._pick(
                name, self._of(name, _BUTTONS), passed_over, "FIELD.querySelectorAll('button')[AT].click()"
            )
        for _ in range(_LOOKS):
            self.browser.click(*self._of(name, _PLACE))
            self.browser.until(f"{_ITEMS}.length > 0", f"{name} offers nothing", _TOLD_WITHIN_S)
            pick = "document.querySelectorAll('.q-menu .q-item')[AT].click()"
            value = self._pick(name, self.browser.run(_ITEMS), passed_over, pick)
            for kind in ("keyDown", "keyUp") if value is None else ():
                self.browser.call(
                    "Input.dispatchKeyEvent", type=kind, key="Escape", code="Escape", windowsVirtualKeyCode=27
                )
            self.browser.until("document.querySelector('.q-menu') === null", f"{name} does not close", _TOLD_WITHIN_S)
            if value is not None:
                return value
            time.sleep(0.25)  # what the tables have is told when they were asked
        return None

    def _pick(self, name: str, offered: Sequence[str], passed_over: Collection[str], pick: str) -> str | None:
        at = next((at for at, each in enumerate(offered) if each not in passed_over), None)
        if at is None:
            return None
        self._of(name, pick.replace("AT", str(at)))
        self._wait_for(name, offered[at])
        return offered[at]

    def write(self, name: str, value: str, *, settles: bool = True) -> None:
        """Types into a filter; nothing clears it. ``settles``: waits for the cards, too."""
        self._of(name, _TYPE.replace("VALUE", json.dumps(value)))
        self._wait_for(name, value, settles=settles)

    def _wait_for(self, name: str, value: str, *, settles: bool = True) -> None:
        told = f"new URL(location.href).searchParams.get({json.dumps(name)}) ?? ''"
        self.browser.until(f"({told}) === {json.dumps(value)}", f"{name}={value} is not in the address", _TOLD_WITHIN_S)
        if settles:
            time.sleep(0.1)  # the cards are told right behind the address
            self.settle()

    def _of(self, name: str, script: str) -> Any:
        return self.browser.run(script.replace("FIELD", _FIELD.format(name=name)))
