"""Is there a backup, and is it one?"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from connexcs_admin.backups import journal
from connexcs_admin.doctor.finding import WARNING, Finding

BACKUP_AT_MOST = timedelta(hours=24)
VERIFIED_AT_MOST = timedelta(days=7)


def backups(now: datetime | None = None) -> Iterator[Finding]:
    now = now or datetime.now(UTC)
    made, verified = journal.last(journal.MADE), journal.last(journal.VERIFIED)
    if made is None:
        yield Finding("backup.none", WARNING, "No backup was ever made here.", "manage.py backup")
        return
    if now - made.at > BACKUP_AT_MOST:
        yield Finding(
            "backup.old",
            WARNING,
            f"The last backup is of {made.at:%Y-%m-%d %H:%M} UTC, more than a day old.",
            "manage.py backup, each night: docs/how-to/backup.md",
        )
    if verified is None or now - verified.at > VERIFIED_AT_MOST:
        last = f"for the last time at {verified.at:%Y-%m-%d %H:%M} UTC" if verified else "never"
        yield Finding(
            "backup.unverified",
            WARNING,
            f"Whether backups can be restored was proven {last}.",
            f"manage.py verify_backup {made.path if Path(made.path).exists() else 'FILE'}",
        )
