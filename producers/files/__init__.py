"""Records from files and pipes, passed on as they are."""

from producers.files.source import FileSource

__all__ = [
    "FileSource",
]
