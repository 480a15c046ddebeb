"""A restore gives back everything, or leaves everything as it was."""

import os
import signal
import subprocess
import sys
import time
from contextlib import closing

import psycopg2
import pytest
from django.conf import settings as django_settings

from connexcs_admin.backups import Refused, journal, making, restoring
from connexcs_admin.backups import manifest as manifest_module
from tests.connexcs_admin.backups.conftest import databases, rows, run


def quiet(_line: str) -> None:
    pass


def customers(database):
    return rows(database, "SELECT id, name, status FROM customers_customer ORDER BY id")


# --- What comes back


def test_a_lost_database_comes_back_as_it_was(backup, standing, empty):
    assert restoring.restore(empty, backup, other_keys=True, say=quiet) is None
    assert customers(empty) == customers(standing)
    records = "SELECT calls_cdr::text FROM calls_cdr ORDER BY 1"
    assert rows(empty, records) == rows(standing, records)
    assert run(empty, "check_figures").stdout.strip() == "All figures are right."


def test_partitions_triggers_and_sequences_work_on(backup, empty):
    restoring.restore(empty, backup, say=quiet)
    [(kind,)] = rows(empty, "SELECT relkind FROM pg_class WHERE oid = 'calls_cdr'::regclass")
    assert kind == "p"
    [(column, fits)] = rows(
        empty,
        "SELECT max(id), nextval(pg_get_serial_sequence('customers_customer', 'id')) > max(id)"
        "  FROM customers_customer",
    )
    assert column
    assert fits
    history = "SELECT count(*) FROM customers_customerevent"
    before = rows(empty, history)[0][0]
    rows(
        empty,
        "UPDATE customers_customer SET name = name || ' Ltd'"
        " WHERE id = (SELECT min(id) FROM customers_customer)",
    )
    assert rows(empty, history)[0][0] == before + 1
    [(copied,)] = rows(empty, "SELECT name FROM customers_listing ORDER BY customer_id LIMIT 1")
    assert copied.endswith(" Ltd")
    done = run(empty, "makemigrations", "--check", "--dry-run")
    assert done.returncode == 0, done.stdout


def test_the_next_days_calls_find_their_partition(backup, empty):
    restoring.restore(empty, backup, say=quiet)
    done = run(
        empty,
        "shell",
        "-v0",
        "-c",
        "from datetime import date; from calls import partitions; from django.db import transaction\n"
        "with transaction.atomic(): partitions.ensure([date(2031, 5, 6)])\n"
        "print(date(2031, 5, 6) in partitions.existing())",
    )
    assert done.stdout.strip() == "True", done.stderr


def test_what_was_there_is_kept_under_another_name(backup, installation, server):
    rows(installation, "UPDATE customers_customer SET name = 'changed after the backup ' || id")
    kept = restoring.restore(installation, backup, replace=True, say=quiet)
    assert not any(name.startswith("changed") for _id, name, _status in customers(installation))
    assert all(name.startswith("changed") for _id, name, _status in customers(installation.named(kept)))


def test_settings_of_the_database_stay(backup, installation, server):
    server._do(f"""ALTER DATABASE "{installation.name}" SET work_mem = '7MB'""")
    server._do(f"""ALTER DATABASE "{installation.name}" SET search_path = "$user", public""")
    restoring.restore(installation, backup, replace=True, say=quiet)
    assert rows(installation, "SHOW work_mem") == [("7MB",)]
    assert rows(installation, "SHOW search_path") == [('"$user", public',)]


# --- What is refused, with everything as it was


def test_a_database_with_tables_is_not_replaced_unasked(backup, installation):
    before = customers(installation)
    with pytest.raises(Refused, match=r"is not empty.*--replace"):
        restoring.restore(installation, backup, say=quiet)
    assert customers(installation) == before


def test_a_database_in_use_is_not_replaced(backup, installation):
    with closing(installation.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("SET application_name = 'gunicorn'")
        connection.commit()
        with pytest.raises(Refused, match=r"is in use:\n  process \d+ of .*gunicorn.*\nStop web, worker"):
            restoring.restore(installation, backup, replace=True, say=quiet)


def test_somebody_who_comes_in_late_stops_the_swap_and_nothing_is_lost(backup, installation, server):
    late = []

    def come_in(line):
        if "Restoring into" in line:
            connection = installation.connect()
            late.append(connection)
            connection.cursor().execute("SET application_name = 'late'")
            connection.commit()

    with pytest.raises(restoring.BackupError, match="so that nothing was changed"):
        restoring.restore(installation, backup, replace=True, say=come_in)
    late[0].close()
    assert len(customers(installation)) == 12
    assert databases(server, installation.name) == [installation.name]


def test_a_file_cut_short_is_refused_before_anything_begins(backup, standing):
    whole = backup.read_bytes()
    for left in (0.02, 0.5, 0.9, 0.99, 1 - 1500 / len(whole)):
        backup.write_bytes(whole[: int(len(whole) * left)])
        with pytest.raises(Refused, match=r"cut short|damaged"):
            restoring.restore(standing, backup, replace=True, say=quiet)
    assert len(customers(standing)) == 12


def test_one_wrong_byte_is_found(backup, standing):
    whole = backup.read_bytes()
    for place in (20, len(whole) // 2, whole.index(b'"tables"') + 1, whole.index(b"  manifest.json") - 5):
        backup.write_bytes(whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :])
        with pytest.raises(Refused, match=r"damaged|cut short"):
            restoring.verify(standing, backup, say=quiet)


@pytest.mark.parametrize("content", [b"", b"SELECT 1;\n", b"PK\x03\x04" + bytes(2000)])
def test_any_other_file_is_refused(standing, tmp_path, content):
    (tmp_path / "other").write_bytes(content)
    with pytest.raises(Refused, match="Use another one"):
        restoring.verify(standing, tmp_path / "other", say=quiet)
    with pytest.raises(Refused, match=r"cannot be read \(No such file"):
        restoring.verify(standing, tmp_path / "none", say=quiet)


def test_a_backup_under_another_key_is_refused_until_that_is_meant(backup, empty, settings):
    settings.SECRET_KEY = "y" * 60
    with pytest.raises(Refused, match=r"needs another key. SECRET_KEY of this installation is not the one"):
        restoring.restore(empty, backup, say=quiet)
    said = []
    restoring.restore(empty, backup, other_keys=True, say=said.append)
    assert any("everybody has to sign in again" in line for line in said)
    assert len(customers(empty)) == 12


def test_the_former_key_beside_the_new_one_is_enough(backup, empty, settings):
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "y" * 60
    restoring.restore(empty, backup, say=quiet)
    assert len(customers(empty)) == 12


def test_a_newer_backup_is_refused_with_a_sentence(backup, empty, monkeypatch):
    known = manifest_module.known_migrations() - {"customers.0001_initial"}
    monkeypatch.setattr(manifest_module, "known_migrations", lambda: known)
    with pytest.raises(
        Refused, match=r"made by a newer Connex .* customers.0001_initial\. Install that version"
    ):
        restoring.restore(empty, backup, say=quiet)


def test_an_older_backup_is_brought_up_to_date(installation, empty, tmp_path):
    done = run(installation, "migrate", "sessions", "zero", "--verbosity", "0")
    assert done.returncode == 0, done.stderr
    older = making.make(installation, tmp_path, say=quiet)
    said = []
    restoring.restore(empty, older, say=said.append)
    assert any("older Connex" in line for line in said)
    assert rows(empty, "SELECT count(*) FROM django_session") == [(0,)]
    assert run(empty, "migrate", "--check").returncode == 0


# --- Sudden death


def test_a_kill_9_in_the_middle_leaves_the_old_database_working(backup, installation, server):
    restore = subprocess.Popen(
        [sys.executable, "manage.py", "restore", str(backup), "--yes-replace", installation.name],
        env={**os.environ, "DATABASE_URL": installation.url},
        cwd=django_settings.BASE_DIR,
        stdout=subprocess.DEVNULL,
    )
    until = time.monotonic() + 60
    while not databases(server, f"{installation.name}_scratch") and time.monotonic() < until:
        assert restore.poll() is None
        time.sleep(0.005)
    os.kill(restore.pid, signal.SIGKILL)
    restore.wait()
    assert len(customers(installation)) == 12
    assert databases(server, f"{installation.name}_scratch")
    rows(installation, "UPDATE customers_customer SET name = name || '!'")
    done = run(installation, "restore", str(backup), "--yes-replace", installation.name)
    assert done.returncode == 0, done.stderr
    assert databases(server, f"{installation.name}_scratch") == []
    assert not any(name.endswith("!") for _id, name, _status in customers(installation))


# --- Proof without touching anything


def test_a_good_backup_is_called_good_and_nothing_is_left(backup, standing, server):
    assert restoring.verify(standing, backup, say=quiet) == []
    assert databases(server, standing.name) == [standing.name]
    assert journal.last(journal.VERIFIED).path == str(backup)


def test_a_backup_whose_counts_do_not_hold_is_called_bad(installation, tmp_path, monkeypatch):
    real = making.server.count_rows
    monkeypatch.setattr(
        making.server,
        "count_rows",
        lambda connection: real(connection) | {"public.setup_reseller": 99, "public.x": 1},
    )
    path = making.make(installation, tmp_path, say=quiet)
    monkeypatch.undo()
    wrong = restoring.verify(installation, path, say=quiet)
    assert [line.split(" ", 1)[0] for line in wrong] == ["public.setup_reseller", "public.x"]
    assert "the backup counted 99" in wrong[0]
    assert journal.last(journal.VERIFIED) is None


def test_a_backup_of_wrong_figures_is_called_bad(installation, tmp_path):
    rows(installation, "UPDATE customers_listing SET name = 'somebody else'")
    path = making.make(installation, tmp_path, say=quiet)
    done = run(installation, "verify_backup", str(path))
    assert done.returncode == 1
    assert "NOT good" in done.stderr
    assert "figures are wrong" in done.stderr


def test_the_command_wants_the_name_of_what_it_replaces(backup, standing):
    done = run(standing, "restore", str(backup), "--yes-replace", "another")
    assert done.returncode == 2
    assert "'another' is not the database in use" in done.stderr
    done = run(standing, "restore", str(backup), "--replace")
    assert done.returncode == 2
    assert f"--yes-replace {standing.name}" in done.stderr
    assert len(customers(standing)) == 12


def test_a_role_that_may_make_no_databases_is_told_how(backup, standing, server):
    server._do("CREATE ROLE keeping_modest LOGIN PASSWORD 'modest'")
    try:
        modest = type(standing)(standing.host, standing.port, "keeping_modest", "modest", standing.name)
        with pytest.raises(Refused, match='ALTER ROLE "keeping_modest" CREATEDB'):
            restoring.verify(modest, backup, say=quiet)
    finally:
        server._do("DROP ROLE keeping_modest")


def test_a_scratch_database_goes_although_a_process_there_is_not_ours_to_end(server, monkeypatch):
    """Autovacuum's process belongs to no role, and PostgreSQL up to 17 refuses FORCE because of it."""
    asked = server._do

    def refuse_force(statement, values=None):
        if "FORCE" in str(statement):
            raise psycopg2.errors.InsufficientPrivilege("permission denied to terminate process")
        return asked(statement, values)

    monkeypatch.setattr(server, "_do", refuse_force)
    with server.scratch() as scratch:
        assert databases(server, scratch.name) == [scratch.name]
    assert databases(server, scratch.name) == []
