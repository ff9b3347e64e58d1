"""The seven emotions, as scores and what is made of them have them: one column each."""

from typing import Final

from tapehouse.score import EMOTIONS
from tapehouse.tables.model import Column

EMOTION_COLUMNS: Final = tuple(
    Column(name, "DOUBLE", f"share of {name} in the text's emotions, 0 to 1; the seven add up to 1; null if not scored")
    for name in EMOTIONS
)
