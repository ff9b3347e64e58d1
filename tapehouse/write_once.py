"""A small file that is written whole, on the disk, and never over another's."""

import os
import uuid
from pathlib import Path


def write_once(path: Path, content: bytes) -> bool:
    """Writes it where none of that name is yet, with the folders that it wants; False where one is.

    Whole or not at all, also after a power cut: the content is on the disk before the name is there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            return False
    finally:
        draft.unlink(missing_ok=True)  # half a file would fill a full disk further
    return True
