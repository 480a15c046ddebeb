"""Restoring a backup, and proving one without touching what is there."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from django.conf import settings

from connexcs_admin.backups import BackupError, Refused, journal, keys, server, tools
from connexcs_admin.backups.archive import Archive
from connexcs_admin.backups.server import Database, Server

Say = Callable[[str], None]
_EVERY_BYTES = 256 * 1024 * 1024
STOP = "Stop web, worker, beat and pulse first"


def restore(
    database: Database, path: Path, *, replace: bool = False, other_keys: bool = False, say: Say
) -> str | None:
    """Put the backup at `path` in the place of `database`, or leave everything as it was.

    It is restored into a scratch database, checked and migrated there, and then takes the name in one
    transaction. Returns the name under which the database that was there is kept; None where it was empty.
    replace: even where it holds tables. other_keys: even where this installation has other secrets.
    """
    with Archive(path) as backup, closing(Server(database)) as there:
        _check_fit(backup, there, say)
        _check_keys(backup, other_keys, say)
        was_empty = not there.exists() or there.is_empty()
        if not was_empty and not replace:
            raise Refused(
                f"The database {database.name} is not empty. To put the backup in its place: --replace. "
                "What is there now is kept under another name."
            )
        if sessions := there.sessions():
            raise Refused(
                f"The database {database.name} is in use:\n  " + "\n  ".join(sessions) + f"\n{STOP}."
            )
        with there.scratch() as scratch:
            _fill(scratch, backup, there, say)
            if wrong := _wrong_counts(scratch, backup):
                raise BackupError("The backup was not restored completely:\n  " + "\n  ".join(wrong))
            _migrate(scratch, backup, say)
            if words := _figures_are_wrong(scratch):
                say(
                    f"Figures kept in the backup differ from its records:\n{words}\nAfter the start, run "
                    "manage.py check_figures --repair."
                )
            kept = there.swap(scratch)
        if kept and was_empty:
            there.drop(kept)
            return None
        return kept


def verify(database: Database, path: Path, *, say: Say) -> list[str]:
    """Restore the backup at `path` beside `database`, compare and drop it. Returns what is wrong."""
    with Archive(path) as backup, closing(Server(database)) as there:
        _check_fit(backup, there, say)
        wrong = []
        if missing := keys.missing(backup.manifest.keys):
            say(_about_keys(missing))
        with there.scratch() as scratch:
            _fill(scratch, backup, there, say)
            wrong += _wrong_counts(scratch, backup)
            if not wrong:
                _migrate(scratch, backup, say)
                if words := _figures_are_wrong(scratch):
                    wrong.append(words)
    if not wrong:
        journal.note(journal.VERIFIED, path)
    return wrong


def _check_fit(backup: Archive, there: Server, say: Say) -> None:
    manifest = backup.manifest
    say(
        f"{backup.path.name}: {manifest.database} of {manifest.made_at:%Y-%m-%d %H:%M} UTC, "
        f"Connex {manifest.connex_version} {manifest.revision[:12]}, {manifest.rows:,} rows in "
        f"{len(manifest.tables)} tables; every part has the SHA-256 it was written with."
    )
    if unknown := manifest.unknown_migrations():
        named = ", ".join(unknown[:5]) + (" and more" if len(unknown) > 5 else "")
        raise Refused(
            f"This backup was made by a newer Connex ({manifest.connex_version} {manifest.revision[:12]}): "
            f"the code here does not know {named}. Install that version, then restore."
        )
    if manifest.server_major > there.major:
        raise Refused(
            f"This backup is from PostgreSQL {manifest.server_major}, and the server here is {there.major}. "
            f"Restore it on {manifest.server_major} or newer."
        )


def _check_keys(backup: Archive, other_keys: bool, say: Say) -> None:
    missing = keys.missing(backup.manifest.keys)
    if not missing:
        return
    if not other_keys:
        hint = (
            f"They are in the backup: tar -xOf {backup.path} secrets.env. "
            if backup.manifest.with_secrets
            else ""
        )
        raise Refused(
            f"This backup needs another key. {_about_keys(missing)}\n{hint}Set them to what they were, "
            "or go on with --other-keys."
        )
    say(f"Going on with other keys. {_about_keys(missing)}")


def _about_keys(missing: list[str]) -> str:
    return " ".join(
        f"{name} of this installation is not the one the backup was made under: "
        f"{keys.LOSS.get(name, 'what depends on it is lost')}."
        for name in missing
    )


def _fill(scratch: Database, backup: Archive, there: Server, say: Say) -> None:
    """pg_restore from the archive, without the rights of other roles, which may not exist here."""
    fit = tools.find(server=there.major, archive=backup.manifest.tool_major)
    say(f"Restoring into {scratch.name} with pg_restore {fit.major} …")
    command = [
        *(fit / "pg_restore", "--exit-on-error", "--no-owner", "--no-privileges", "--no-comments"),
        *("--no-password", f"--dbname={scratch.name}"),
    ]
    environment = tools.variables(
        host=scratch.host, port=scratch.port, user=scratch.user, password=scratch.password
    )
    with tempfile.TemporaryFile() as words:
        with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=words, env=environment) as process:
            assert process.stdin is not None
            try:
                _pour(backup, process.stdin.write, say)
            except BrokenPipeError:
                pass  # it ended early; its own words say why
            except BaseException:
                process.kill()
                raise
        if process.returncode:
            words.seek(0)
            text = words.read().decode(errors="replace").strip()
            raise BackupError(f"pg_restore ended with code {process.returncode}: {text}")


def _pour(backup: Archive, write: Callable[[bytes], object], say: Say) -> None:
    done, said = 0, _EVERY_BYTES
    for chunk in backup.dump():
        write(chunk)
        done += len(chunk)
        if done >= said:
            say(f"{100 * done // backup.dump_bytes} % …")
            said += _EVERY_BYTES


def _wrong_counts(scratch: Database, backup: Archive) -> list[str]:
    with closing(scratch.connect()) as connection, connection:
        return backup.manifest.differences(server.count_rows(connection))


def _migrate(scratch: Database, backup: Archive, say: Say) -> None:
    if not backup.manifest.is_older():
        return
    say("The backup is from an older Connex; bringing it up to date …")
    done = _manage(scratch, "upgrade", "--no-backup", "--database-only", "--verbosity", "0")
    if done.returncode:
        raise BackupError(f"The backup could not be brought up to date:\n{_words(done)}")


def _figures_are_wrong(scratch: Database) -> str | None:
    """What `check_figures` says of the restored data; None when all is right."""
    done = _manage(scratch, "check_figures")
    return _words(done) if done.returncode else None


def _manage(scratch: Database, *words: str) -> "subprocess.CompletedProcess[str]":
    """manage.py on the scratch database: a process of its own, since settings are read once."""
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), *words]
    environment = {**os.environ, "DATABASE_URL": scratch.url}
    return subprocess.run(command, env=environment, cwd=settings.BASE_DIR, capture_output=True, text=True)


def _words(done: "subprocess.CompletedProcess[str]") -> str:
    return "\n".join((done.stdout + done.stderr).strip().splitlines()[-20:])
