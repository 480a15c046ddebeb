"""A backup is one whole file, made while everything goes on."""

import hashlib
import stat
import subprocess
import tarfile
import threading

import pytest

from connexcs_admin.backups import BackupError, Refused, archive, journal, making
from connexcs_admin.backups.archive import Archive
from tests.connexcs_admin.backups.conftest import rows, run


def quiet(_line: str) -> None:
    pass


def test_it_names_its_time_its_version_its_schema_and_every_row(standing, tmp_path):
    path = making.make(standing, tmp_path, say=quiet)
    with Archive(path) as backup:
        manifest = backup.manifest
    assert manifest.connex_version == "0.1.0"
    assert "customers.0001_initial" in manifest.migrations
    assert manifest.tables["public.customers_customer"] == 12
    assert manifest.rows > 400
    [(partitions,)] = rows(standing, "SELECT count(*) FROM pg_inherits WHERE inhparent='calls_cdr'::regclass")
    assert sum(name.startswith("public.calls_cdr_") for name in manifest.tables) == partitions
    assert not manifest.unknown_migrations()
    assert not manifest.is_older()


def test_it_can_be_opened_without_us(standing, tmp_path):
    path = making.make(standing, tmp_path, say=quiet)
    with tarfile.open(path) as tar:
        assert tar.getnames() == ["database.dump", "manifest.json", "SHA256SUMS"]
        sums = tar.extractfile("SHA256SUMS").read().decode().splitlines()
        for line in sums:
            digest, name = line.split("  ")
            assert hashlib.sha256(tar.extractfile(name).read()).hexdigest() == digest
        assert tar.extractfile("database.dump").read(5) == b"PGDMP"
    assert len(sums) == 2


def test_only_its_owner_may_read_it_and_nothing_half_made_is_left(standing, tmp_path):
    path = making.make(standing, tmp_path / "new folder", say=quiet)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_its_secrets_stay_out_unless_asked_for(standing, tmp_path, settings):
    without = making.make(standing, tmp_path, say=quiet)
    assert settings.SECRET_KEY.encode() not in without.read_bytes()
    with_them = making.make(standing, tmp_path, with_secrets=True, say=quiet)
    with tarfile.open(with_them) as tar:
        assert f"SECRET_KEY={settings.SECRET_KEY}\n" in tar.extractfile("secrets.env").read().decode()
    assert stat.S_IMODE(with_them.stat().st_mode) == 0o600


def test_the_counts_are_those_of_the_dump_although_calls_come_in_meanwhile(installation, tmp_path):
    """Rows are added between the count and the dump; the snapshot holds neither or both."""

    def add(line: str) -> None:
        if "writing them" in line:
            rows(
                installation,
                "INSERT INTO setup_reseller (name, email, created_at)"
                " SELECT 'late ' || n, '', now() FROM generate_series(1, 50) n",
            )

    before = rows(installation, "SELECT count(*) FROM setup_reseller")[0][0]
    path = making.make(installation, tmp_path, say=add)
    assert rows(installation, "SELECT count(*) FROM setup_reseller")[0][0] == before + 50
    with Archive(path) as backup:
        assert backup.manifest.tables["public.setup_reseller"] == before
    done = run(installation, "verify_backup", str(path))
    assert done.returncode == 0, done.stderr


def test_two_at_once_are_two_backups(standing, tmp_path):
    made = []
    threads = [
        threading.Thread(target=lambda: made.append(making.make(standing, tmp_path, say=quiet)))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({*made}) == 2
    for path in made:
        Archive(path).close()


def test_a_backup_that_was_killed_leaves_nothing_once_the_next_is_made(standing, tmp_path):
    (tmp_path / ".connex-20260101-000000.tar.new").write_bytes(b"half")
    path = making.make(standing, tmp_path, say=quiet)
    assert list(tmp_path.glob(".*")) == []
    assert path.exists()


def test_a_dump_that_fails_leaves_no_file(standing, tmp_path, monkeypatch):
    broken = tmp_path / "bin"
    broken.mkdir()
    for name in ("pg_dump", "pg_restore"):
        (broken / name).write_text(
            '#!/bin/sh\n[ "$1" = --version ] && echo "pg 99.1" && exit\necho no disk >&2; exit 3\n'
        )
        (broken / name).chmod(0o755)
    monkeypatch.setattr("django.conf.settings.PG_BIN", str(broken))
    folder = tmp_path / "backups"
    with pytest.raises(BackupError, match="pg_dump ended with code 3, and no backup was made: no disk"):
        making.make(standing, folder, say=quiet)
    assert list(folder.iterdir()) == []
    assert journal.last(journal.MADE) is None


def test_no_password_is_on_a_command_line(standing, tmp_path, monkeypatch):
    seen = []
    real = subprocess.Popen

    def watch(command, **options):
        seen.append(command)
        return real(command, **options)

    monkeypatch.setattr(subprocess, "Popen", watch)
    making.make(standing, tmp_path, say=quiet)
    assert seen
    assert not [word for command in seen for word in command if standing.password in str(word)]


def test_a_folder_that_cannot_be_written_is_named(standing, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(Refused, match=r"file/backups cannot be written .* Name a folder of yours"):
        making.make(standing, tmp_path / "file" / "backups", say=quiet)


def test_an_empty_database_is_no_installation(empty, tmp_path):
    with pytest.raises(BackupError, match="none of Connex"):
        making.make(empty, tmp_path, say=quiet)
    assert list(tmp_path.iterdir()) == []


def test_the_command_keeps_as_many_as_it_is_told(standing, tmp_path):
    for _ in range(2):
        making.make(standing, tmp_path, say=quiet)
    done = run(standing, "backup", str(tmp_path), "--keep", "2")
    assert done.returncode == 0, done.stderr
    assert len(list(tmp_path.glob(archive.PATTERN))) == 2
    assert "Removed connex-" in done.stdout
    assert "Not in it: SECRET_KEY" in done.stdout


def test_the_command_says_loudly_that_secrets_are_in_it(standing, tmp_path):
    done = run(standing, "backup", str(tmp_path), "--with-secrets")
    assert "THIS FILE HOLDS YOUR SECRETS" in done.stderr
    assert "Not in it" not in done.stdout
