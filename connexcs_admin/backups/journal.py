"""When the last backup was made and proven: a small file in the data folder, for `manage.py doctor`.

It is a file and no table: a table would be put back to an old state by the very restore it should tell of.
"""

import fcntl
import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings

MADE, VERIFIED = "made", "verified"


@dataclass(frozen=True)
class Entry:
    """at: UTC, when it was done. path: the backup."""

    at: datetime
    path: str


def _file() -> Path:
    return Path(settings.CONNEX_HOME) / "backups.json"


def note(what: str, path: Path) -> None:
    """Keep that `what` (MADE, VERIFIED) was done to the backup at `path` just now."""
    _file().parent.mkdir(parents=True, exist_ok=True)
    with _file().with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        content = _read() | {what: {"at": datetime.now(UTC).isoformat(), "path": str(path.resolve())}}
        new = _file().with_suffix(".new")
        new.write_text(json.dumps(content, indent=1))
        os.replace(new, _file())


def last(what: str) -> Entry | None:
    """None: never, as far as this data folder knows."""
    try:
        entry = _read()[what]
        return Entry(datetime.fromisoformat(entry["at"]).astimezone(UTC), entry["path"])
    except (KeyError, ValueError, TypeError):
        return None


def _read() -> dict[str, dict[str, str]]:
    try:
        return dict(json.loads(_file().read_text()))
    except (OSError, ValueError):
        return {}
