"""Backups of one installation: one file each, made, restored and proven by `manage.py`.

archive.py the file, manifest.py what it says of itself, keys.py which secrets its data need, server.py the
databases of one PostgreSQL server, tools.py pg_dump and pg_restore, making.py and restoring.py the work,
journal.py when what was done. Decision 0015 has the reasons.
"""


class BackupError(Exception):
    """It did not work; the text says what, with what value, and what to do."""

    exit_code = 1


class Refused(BackupError):
    """Nothing was begun, because it could not end well."""

    exit_code = 2
