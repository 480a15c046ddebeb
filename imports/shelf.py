"""Uploaded files on disk: CONNEX_HOME/uploads, readable by this program alone."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from django.conf import settings


def store(key: str, chunks: Iterable[bytes]) -> tuple[int, str]:
    """Writes a new file of mode 0600; returns its size in bytes and its SHA-256."""
    folder = _folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    opened = os.open(folder / key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(opened, "wb") as file:
        for chunk in chunks:
            file.write(chunk)
            digest.update(chunk)
            size += len(chunk)
    return size, digest.hexdigest()


def replace(key: str, chunks: Iterable[bytes]) -> None:
    """Puts other content in the place of a file, at once."""
    new = f"{key}.new"
    remove(new)
    store(new, chunks)
    (_folder() / new).replace(_folder() / key)


def take(key: str) -> BinaryIO:
    """Opens a file to be read. Raises FileNotFoundError where it is gone."""
    return (_folder() / key).open("rb")


def remove(key: str) -> None:
    """Removes a file; one that is gone already is no fault."""
    (_folder() / key).unlink(missing_ok=True)


def _folder() -> Path:
    return Path(settings.CONNEX_HOME) / "uploads"
