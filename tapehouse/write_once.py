"""Small files that are written whole: on the disk before their name is theirs, whatever happens meanwhile."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def write_once(path: Path, content: bytes) -> bool:
    """Writes it where none of that name is yet, with the folders that it wants; False where one is.

    Whole or not at all, also after a power cut: the content is on the disk before the name is there.
    """
    with _draft(path, content) as draft:
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            return False
    return True


def write_over(path: Path, content: bytes, *, new_mode: int) -> None:
    """Writes it in the place of the one that is there, whose mode it keeps; ``new_mode``: where there is none.

    Whoever reads meanwhile, or after a power cut, has the old file or the new one.
    """
    mode = path.stat().st_mode & 0o777 if path.exists() else new_mode
    with _draft(path, content, mode) as draft:
        draft.replace(path)


@contextmanager
def _draft(path: Path, content: bytes, mode: int | None = None) -> Iterator[Path]:
    """The content on the disk, beside where it belongs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        with draft.open("wb") as file:
            if mode is not None:
                os.fchmod(file.fileno(), mode)  # before there is anything to be read
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield draft
    finally:
        draft.unlink(missing_ok=True)  # half a file would fill a full disk further
