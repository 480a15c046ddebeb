"""The embedded database server, for real: start, stop, sudden death."""

import os
import shutil
import signal
import tempfile
from pathlib import Path

import psycopg2
import pytest

from launcher import postgres as postgres_module
from launcher.postgres import Binaries, Postgres, find_binaries
from launcher.processes import wait_for
from launcher.refusal import Refusal


def make_server(folder, **options):
    folder.chmod(0o755)
    return Postgres(folder / "postgres", password="of-connex", admin_password="of-postgres", **options)


def start(server):
    server.prepare()
    server.child.start()
    assert wait_for(server.is_ready, seconds=30), list(server.child.last_lines)
    server.ensure_database()
    return server


@pytest.fixture
def folder():
    """Where any user may look, as root's servers run as nobody; pytest's own folders are closed to others."""
    path = Path(tempfile.mkdtemp(prefix="connex-postgres-"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def server(folder):
    started = start(make_server(folder))
    yield started
    started.child.stop()


def rows(server, statement):
    connection = psycopg2.connect(server.url)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else None
    finally:
        connection.close()


def test_it_listens_on_this_machine_only_and_asks_for_the_password(server):
    assert rows(server, "SHOW listen_addresses") == [("127.0.0.1",)]
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(server.url.replace("of-connex", "guessed"))


def test_the_application_is_no_superuser_but_can_have_the_extensions_it_needs(server):
    assert rows(server, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") == [(False,)]
    for extension in ("pg_trgm", "btree_gist", "btree_gin", "citext"):
        rows(server, f"CREATE EXTENSION {extension}")
    assert rows(server, "SELECT upper('żółw'), current_setting('timezone')") == [("ŻÓŁW", "UTC")]


def test_what_was_committed_survives_a_kill_9_and_the_port_stays(server):
    rows(server, "CREATE TABLE calls AS SELECT generate_series(1, 10000) AS id")
    port = server.port
    os.kill(server.child.pid, signal.SIGKILL)
    wait_for(lambda: not server.child.is_running(), seconds=10)
    assert not server.is_ready()  # although the dead server's postmaster.pid still says "ready"
    start(server)
    assert server.port == port
    assert rows(server, "SELECT count(*) FROM calls") == [(10000,)]


def test_a_second_launcher_takes_over_the_data_of_a_server_that_outlived_its_own(server, folder):
    rows(server, "CREATE TABLE calls AS SELECT 7 AS id")
    heir = start(make_server(folder))
    try:
        assert rows(heir, "SELECT id FROM calls") == [(7,)]
        assert wait_for(lambda: not server.child.is_running(), seconds=5)
    finally:
        heir.child.stop()


def test_a_half_made_cluster_is_made_anew(folder):
    server = make_server(folder)
    (server.folder / "data.new" / "base").mkdir(parents=True)
    (server.folder / "data.new" / "PG_VERSION").write_text("18\n")
    start(server)
    assert rows(server, "SELECT 1") == [(1,)]
    server.child.stop()


def test_data_of_another_major_version_is_refused_with_both_numbers(folder):
    server = make_server(folder)
    server.data.mkdir(parents=True)
    (server.data / "PG_VERSION").write_text("12\n")
    with pytest.raises(Refusal, match="made by PostgreSQL 12, but the server here is"):
        server.prepare()


def test_a_folder_only_its_owner_may_enter_works_too(tmp_path_factory):
    private = tmp_path_factory.mktemp("private")
    private.chmod(0o700)
    server = Postgres(private / "home" / "postgres", password="of-connex", admin_password="of-postgres")
    start(server)
    try:
        assert rows(server, "SELECT 1") == [(1,)]
    finally:
        server.child.stop()


def test_an_installed_server_is_the_fallback_and_its_data_folder_works(folder, monkeypatch, tmp_path):
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if not installed:  # a machine without one: the refusal is what a person meets
        monkeypatch.setattr(postgres_module.importlib.util, "find_spec", lambda _name: None)
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(Refusal, match="Install PostgreSQL 15 or newer, or set DATABASE_URL"):
            find_binaries()
        return
    monkeypatch.setattr(postgres_module.importlib.util, "find_spec", lambda _name: None)
    binaries = find_binaries()
    assert isinstance(binaries, Binaries)
    assert binaries.major >= 15
    server = start(make_server(folder))
    try:
        assert rows(server, "SELECT upper('żółw')") == [("ŻÓŁW",)]
    finally:
        server.child.stop()
