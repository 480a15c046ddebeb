"""The right pg_dump, or a sentence."""

import pytest

from connexcs_admin import env
from connexcs_admin.backups import Refused, tools
from connexcs_admin.backups.server import Database


def make_tools(folder, major):
    folder.mkdir()
    for name in ("pg_dump", "pg_restore"):
        (folder / name).write_text(f'#!/bin/sh\necho "{name} (PostgreSQL) {major}.3"\n')
        (folder / name).chmod(0o755)
    return folder


@pytest.fixture
def four(tmp_path, monkeypatch):
    folders = [make_tools(tmp_path / str(major), major) for major in (14, 18, 16, 17)]
    monkeypatch.setattr(tools, "_folders", lambda: iter([tmp_path / "nothing", *folders]))


def test_those_of_the_servers_own_version_come_first(four):
    assert tools.find(server=16).major == 16


def test_else_the_nearest_newer_ones(four):
    assert tools.find(server=15).major == 16


def test_an_archive_of_newer_tools_needs_newer_tools(four):
    assert tools.find(server=16, archive=18).major == 18


def test_older_ones_are_refused_with_what_was_found(four):
    with pytest.raises(
        Refused, match=r"PostgreSQL 19 or newer; found on this machine: 14 in .*postgresql-client-19"
    ):
        tools.find(server=19)


def test_a_folder_that_is_named_is_believed_alone(tmp_path, settings):
    settings.PG_BIN = str(make_tools(tmp_path / "old", 12))
    with pytest.raises(Refused, match=rf"found in PG_BIN={tmp_path}/old: 12 in"):
        tools.find(server=15)


def test_variables_hold_the_password_and_nobody_elses_server(monkeypatch):
    monkeypatch.setenv("PGSERVICE", "somebody")
    given = tools.variables(host="h", password="p", database="d", user="")
    assert (given["PGHOST"], given["PGPASSWORD"], given["PGDATABASE"]) == ("h", "p", "d")
    assert not {"PGSERVICE", "PGUSER"} & given.keys()


def test_tools_speak_to_the_server_as_safely_as_the_application(monkeypatch):
    monkeypatch.setenv("PGSSLMODE", "verify-full")
    monkeypatch.setenv("PGSSLROOTCERT", "/etc/ca.pem")
    given = tools.variables(host="db", database="connex")
    assert (given["PGSSLMODE"], given["PGSSLROOTCERT"]) == ("verify-full", "/etc/ca.pem")


@pytest.mark.parametrize("host", ["db", "10.0.0.7", "::1"])
def test_the_address_of_a_scratch_database_is_read_as_it_was_meant(monkeypatch, host):
    scratch = Database(host, "5432", "us/er", "p@ss:/word", "connex_scratch")
    monkeypatch.setenv("DATABASE_URL", scratch.url)
    read = env.database()
    assert (read["HOST"], read["PORT"], read["USER"], read["PASSWORD"], read["NAME"]) == (
        host,
        "5432",
        "us/er",
        "p@ss:/word",
        "connex_scratch",
    )
