"""Who and what the stories are about. The assets are real; firms, people, agencies and papers are made up."""

from collections.abc import Mapping
from typing import Final

ASSETS: Final[Mapping[str, str]] = {
    "BTC": "Bitcoin",
    "ETH": "Ethereum",
    "SOL": "Solana",
    "XRP": "XRP",
    "DOGE": "Dogecoin",
}
"""Symbol → name, the most talked about first."""

SLOTS: Final[Mapping[str, tuple[str, ...]]] = {
    "firm": ("Halden Pay", "Norrick Group", "Osprey Freight", "Tallis Foods", "Quillon Motors", "Verrano Telecom"),
    "fund": ("Larchmere Capital", "Brightwater Partners", "Kestrel Ridge", "Ostrava Road Fund", "Pinecrest Trust"),
    "exchange": ("Harbour Exchange", "Coinmere", "Tradeloft", "Northgate Markets", "Bitquay"),
    "agency": (
        "the Office for Digital Markets",
        "the Federal Ledger Board",
        "the Payments Conduct Authority",
        "the Baltic Securities Council",
    ),
    "official": (
        "Commissioner Ines Varga",
        "Chair Tomas Ekholm",
        "Deputy Governor Ruth Adeyemi",
        "Senator C. Haddad",
    ),
    "analyst": ("Mira Solberg", "Jonas Whitlock", "Priya Raman", "Daniel Okoro", "Elena Marchetti", "Sam Thackeray"),
    "desk": ("Fjordline Research", "Copperfield Analytics", "Blue Anchor Digital", "Meridian Desk"),
    "protocol": ("Lanternswap", "Driftpool", "Stillwater Bridge", "Foxglove Finance", "Marble Vault"),
    "country": ("Valdonia", "Estermark", "Port Serin", "Kaldovia"),
    "month": ("January", "March", "May", "July", "September", "November"),
}
"""What has a few names to choose from; ``{number}`` slots are drawn by the desk."""
