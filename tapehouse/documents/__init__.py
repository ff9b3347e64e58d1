"""What the landing's raw responses say: documents and values, made alike whatever source told them."""

from tapehouse.documents.forget import taken_out, without
from tapehouse.documents.parsed import Parsed
from tapehouse.documents.registry import parse

__all__ = ["Parsed", "parse", "taken_out", "without"]
