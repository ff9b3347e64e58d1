"""What the crawler reads at home: the tasks of the newsroom's paper, as a file."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

SCHEDULE: Final = "home"
PAGES: Final = "gazette"
PRICES: Final = "gazette-btc-usd"
"""Names of the tasks, and so of the sources in the landing."""


def tasks(site: str) -> Mapping[str, Any]:
    """The tasks of a newsroom whose paper is at ``site``: its newest stories, and its price."""
    story = [
        {"navigate": "$story"},
        {"checkPresence": "article h1"},
        {
            "extract": [
                {"selector": "article h1", "as": "text", "name": "title"},
                {"selector": "article p", "as": "text", "name": "text", "all": True},
            ]
        },
    ]
    steps = [
        {"checkPresence": "main h1"},
        {"extract": [{"selector": "main h2 a", "as": "href", "name": "story", "all": True}]},
        {"tasks": [{"name": "story", "steps": story}]},
    ]
    return {
        "tasks": [
            {"name": PAGES, "kind": "page", "start": f"{site}/", "schedule": SCHEDULE, "steps": steps},
            {
                "name": PRICES,
                "kind": "price",
                "start": f"{site}/prices/btc-usd",
                "schedule": SCHEDULE,
                "value": {"selector": "#price"},
                "symbol": "BTC-USD",
                "unit": "USD",
            },
        ]
    }


def write_tasks(folder: Path, site: str) -> Path:
    """A file of these tasks: JSON is YAML as well."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "crawl-tasks.yaml"
    path.write_text(json.dumps(tasks(site), indent=2) + "\n", encoding="utf-8")
    return path
