"""Files that are written atomically, and folders for them."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from uuid import uuid4

from experiments import Record


def write_json(path: Path, content: Record) -> None:
    """Write a result atomically, and print where.

    Raises:
        TypeError: If something in it is not JSON.
        ValueError: If a number is not finite.
    """
    write_whole(path, json.dumps(content, indent=1, allow_nan=False) + "\n")
    print(f"written: {path}")


def check_writable(folder: Path, option: str) -> None:
    """Make a folder if there is none, and write into it.

    Raises:
        SystemExit: If that is not possible. It names the option that the folder is from.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise SystemExit(f"{option} should be a folder that can be written: {error}") from None


def write_whole(path: Path, text: str) -> None:
    """Write a file atomically; its folder is made if there is none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{uuid4().hex}")
    try:
        with temporary.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)  # closed: Windows moves no file that is open
    finally:
        temporary.unlink(missing_ok=True)
