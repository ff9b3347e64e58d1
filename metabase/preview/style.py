"""How the page is laid out: the grid of 24 columns, one column on a phone, and its colours by the look."""

from typing import Final

from metabase.dashboard import Place
from metabase.preview.look import Look

ROW_PX: Final = 46
GAP_PX: Final = 10

SHEET: Final = """
body { font-family: system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; background: var(--page);
  color: var(--text) }
.nicegui-content { padding: 0; gap: 0; width: 100% }
.top { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 14px; width: 100%; padding: 8px 16px;
  background: var(--surface); border-bottom: 1px solid var(--line) }
.top .brand { font-weight: 700; margin-right: 6px }
.top a { color: var(--muted); text-decoration: none; padding: 4px 2px; border-bottom: 2px solid transparent }
.top a.here { color: var(--text); border-color: var(--accent) }
.top .push { flex: 1 }
.page { width: 100%; max-width: 1800px; margin: 0 auto; padding: 12px 16px 32px }
.page .about { color: var(--muted); font-size: 13px; margin: 0 0 8px }
.filters { display: flex; flex-wrap: wrap; gap: 8px; width: 100%; margin-bottom: 8px }
.filters .q-field { width: 176px }
.filters .q-field__append .q-icon { font-size: 18px }
.filters .choice { display: flex; flex-direction: column; gap: 1px }
.filters .choice .name { font-size: 11px; line-height: 12px; color: var(--muted) }
.filters .q-btn-toggle { flex-wrap: wrap; border: 1px solid var(--line) }
.filters .q-btn-toggle .q-btn { min-height: 26px; padding: 0 9px; font-size: 13px }
.boards { display: flex; flex-direction: column; gap: GAPpx; width: 100% }
.board { display: grid; grid-template-columns: repeat(24, minmax(0, 1fr)); grid-auto-rows: ROWpx; gap: GAPpx;
  width: 100% }
.card { grid-column: var(--x) / span var(--w); grid-row: var(--y) / span var(--h); background: var(--surface);
  border: 1px solid var(--line); border-radius: 8px; padding: 8px 10px 6px; display: flex; flex-direction: column;
  min-width: 0; min-height: 0; overflow: hidden; gap: 2px }
.board.loose { grid-auto-rows: auto; align-items: start }
.board.loose .card { max-height: calc(var(--h) * (ROWpx + GAPpx) - GAPpx); grid-row: auto }
.card.bare { background: none; border-color: transparent; padding: 4px 2px; overflow: auto }
.card.bare p { margin: 0 }
.card.heading { font-size: 17px; font-weight: 600; justify-content: end }
.card.asking .body { opacity: 0.55; transition: opacity 0.2s 0.3s }
.card .head { display: flex; align-items: center; gap: 8px; width: 100%; flex: none; min-height: 20px }
.card .title { font-weight: 600; font-size: 14px; line-height: 1.35; white-space: nowrap; overflow: hidden;
  text-overflow: ellipsis; min-width: 0; flex: 1 }
.card .search { width: 150px; flex: none; margin-bottom: 2px; border: 1px solid var(--line); border-radius: 6px;
  padding: 0 8px; font-size: 13px }
.card .search .q-field__control, .card .search .q-field__marginal { height: 22px; min-height: 22px }
.facts { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 26px; margin: auto 0; width: 100% }
.facts .name { font-size: 12px; color: var(--muted); line-height: 1.3 }
.facts .value { font-size: 15px; font-weight: 600; line-height: 1.4; font-variant-numeric: tabular-nums;
  white-space: nowrap }
.card .body { flex: 1; min-height: 0; width: 100%; display: flex; flex-direction: column }
.card .body > .nicegui-echart { flex: 1; min-height: 0; height: auto; width: 100% }
.card .message { margin: auto; text-align: center; color: var(--muted); font-size: 13px; padding: 6px; overflow: auto;
  overflow-wrap: anywhere }
.card .message.error { color: var(--down) }
.figure { margin: auto 0; width: 100%; display: flex; flex-direction: column }
.figure .number { font-size: clamp(20px, 2.1vw, 30px); font-weight: 650; line-height: 1.2;
  font-variant-numeric: tabular-nums; white-space: nowrap }
.figure .note { font-size: 12.5px; color: var(--muted) }
.figure .trail { height: 44px; width: 100%; margin-top: 2px }
.figure .goal { height: 10px; border-radius: 5px; background: var(--line); overflow: hidden; margin-top: 6px;
  width: 100% }
.figure .goal div { height: 100%; background: var(--accent) }
.up { color: var(--up) !important }
.down { color: var(--down) !important }
.q-table__container { background: transparent !important; flex: 1; min-height: 0; width: 100%; box-shadow: none }
.q-table th { font-weight: 600; color: var(--muted); padding: 4px 5px; height: 30px; background: var(--surface);
  position: sticky; top: 0; z-index: 1; white-space: nowrap }
.q-table td { padding: 3px 5px; height: 28px; font-size: 13px; white-space: nowrap }
.q-table td.number { font-variant-numeric: tabular-nums }
.q-table td.long { white-space: normal; min-width: 220px; overflow-wrap: anywhere }
.q-table td.bar { background: linear-gradient(to left, var(--bar) var(--share), transparent var(--share)) no-repeat }
.q-table td a { color: var(--accent) }
.q-table td a.lead { color: inherit; cursor: pointer }
.q-table td a.lead:hover, .q-table td a.lead:focus-visible { color: var(--accent); text-decoration: underline }
.q-table tbody td { border-color: var(--line) !important }
.q-tab { min-height: 36px }
.holdings { width: min(820px, 94vw); max-width: none }
.holdings .about { color: var(--muted); font-size: 13px; overflow-wrap: anywhere }
.holdings textarea { font-family: ui-monospace, Menlo, Consolas, monospace; font-size: 13px; min-height: 50vh;
  white-space: pre }
.holdings .fault { color: var(--down); white-space: pre-wrap; font-size: 13px }
@media (max-width: 760px) {
  .top { padding: 6px 10px; flex-wrap: nowrap; overflow-x: auto }
  .top a { white-space: nowrap }
  .top .brand, .top .push { display: none }
  .top .q-btn { order: -1; flex: none }
  .page { padding: 8px 8px 24px }
  .filters .q-field { width: calc(50% - 4px) }
  .board { display: flex; flex-direction: column }
  .card { height: max(calc(var(--h) * ROWpx), 130px); flex: none; width: 100% }
  .card.bare { height: auto }
  .card.figures { height: 130px }
  .card.tall { height: max(calc(var(--h) * ROWpx), 320px) }
  .card:has(.facts) { height: auto }
  .board.loose .card { height: auto; max-height: max(calc(var(--h) * ROWpx), 320px) }
}
""".replace("ROW", str(ROW_PX)).replace("GAP", str(GAP_PX))  # fmt: skip


def colors(look: Look) -> str:
    """The sheet's variables."""
    page = "#0d1117" if look.is_dark else "#f4f6f8"
    bar = "rgba(96,165,250,0.25)" if look.is_dark else "rgba(37,99,235,0.14)"
    return (
        f":root {{ --page: {page}; --text: {look.text}; --muted: {look.muted}; --line: {look.line}; "
        f"--surface: {look.surface}; --accent: {look.series[0]}; --up: {look.up}; --down: {look.down}; --bar: {bar} }}"
    )


def place(at: Place, top: int) -> str:
    """Where a card lies, in a part of the page that begins at the grid's row ``top``."""
    return f"--x: {at.x + 1}; --y: {at.y - top + 1}; --w: {at.w}; --h: {at.h}"
