"""`manage.py upgrade` does all of it, may be run again, and wants a backup first."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Group
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management import CommandError, call_command
from django.db import connections

from calls import partitions
from connexcs_admin.backups import journal
from connexcs_admin.upgrades import steps
from users.roles import Role


@pytest.fixture(autouse=True)
def data_folder(db, tmp_path, settings):
    settings.CONNEX_HOME = tmp_path


def upgraded(capsys, **options) -> str:
    call_command("upgrade", **options)
    return capsys.readouterr().out


def test_an_installation_that_is_up_to_date_needs_no_backup_and_stays_as_it_is(capsys):
    assert "The schema is up to date." in upgraded(capsys)
    words = upgraded(capsys)
    assert "Groups have every right that is new." in words
    assert "Restart one by one" in words
    assert staticfiles_storage.exists("css/base.css")


def test_a_missing_group_and_missing_partitions_come_back(capsys):
    Group.objects.get(name=Role.FINANCE).delete()
    assert "New rights for: Finance." in upgraded(capsys)
    assert datetime.now(UTC).date() + timedelta(days=2) in partitions.existing()


def test_a_schema_that_would_change_wants_a_backup_of_today(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(steps, "missing_migrations", lambda: ["customers.0099_more"])
    with pytest.raises(CommandError, match=r"None was ever made here. Make one: manage.py backup") as stopped:
        call_command("upgrade")
    assert stopped.value.returncode == 2
    journal.note(journal.MADE, tmp_path / "connex-20261125-220000.tar")
    assert "Migrating: 1 to apply, the first is customers.0099_more" in upgraded(capsys)
    with pytest.raises(steps.Stopped, match=r"The last one is of \d{4}-"):
        steps.want_backup(datetime.now(UTC) + timedelta(hours=25))


def test_without_a_backup_if_that_is_meant(monkeypatch, capsys):
    monkeypatch.setattr(steps, "missing_migrations", lambda: ["customers.0099_more"])
    assert "Done." in upgraded(capsys, no_backup=True)


def test_two_upgrades_do_not_meet(capsys):
    other = connections["default"].copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [steps._LOCK])
        with pytest.raises(CommandError, match="Another upgrade is running"):
            call_command("upgrade")
    finally:
        other.close()
    assert "Done." in upgraded(capsys)
