"""The doctor finds each thing that is not set up, says it in a sentence, and how to mend it."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import Group
from django.core.management import call_command

from calls.models import Switch
from connexcs_admin import env, health
from connexcs_admin.backups import journal
from connexcs_admin.doctor import ERROR, WARNING, Finding, ground, keeping, people, visit
from connexcs_admin.doctor import settings as doctor_settings
from customers.models import Customer
from setup.models import Currency
from tests import factories
from users.models import User
from users.roles import Role


def ids(found) -> list[str]:
    found = list(found)
    assert all(each.sentence.endswith((".", "?")) and each.remedy for each in found), found
    return [each.id for each in found]


def run(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """manage.py doctor as a person runs it. A variable set to "" counts as not set, lists of words apart."""
    return subprocess.run(
        [sys.executable, "manage.py", "doctor", *words],
        cwd=django_settings.BASE_DIR,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
    )


# --- Three broken settings


def test_three_broken_settings_are_named_in_one_run():
    done = run(PORT="eighty", SECRET_KEY="", DATABASE_URL="mysql://somewhere/x")
    assert done.returncode == 2
    assert "PORT='eighty' is not understood. Use a whole number from 1 to 65535" in done.stdout
    assert "SECRET_KEY is not set. Set it to 50 or more random characters." in done.stdout
    assert "DATABASE_URL='mysql://somewhere/x' is not understood." in done.stdout
    assert "3 errors" in done.stdout
    assert "Traceback" not in done.stderr


def test_settings_that_can_be_read_and_cannot_work_are_named_beside_those_that_cannot_be_read():
    done = run(PORT="abc", SECRET_KEY="short", STAFF_HOSTS="")
    assert done.returncode == 2
    assert "PORT='abc' is not understood." in done.stdout
    assert "SECRET_KEY has 5 characters." in done.stdout
    assert "STAFF_HOSTS names no host, so that nobody reaches the staff site." in done.stdout


def test_the_same_for_machines():
    content = json.loads(run("--json", PORT="eighty", LOG_LEVEL="loud", DATABASE_URL="").stdout)
    assert content["verdict"] == "errors"
    assert {each["id"] for each in content["findings"]} >= {
        "settings.PORT",
        "settings.LOG_LEVEL",
        "settings.DATABASE_URL",
    }
    assert {*content["findings"][0]} == {"id", "level", "sentence", "remedy"}


BROKEN = [
    ("DATABASE_URL", "postgres://connex:hunter2/3@db:5432/connex"),  # a / that should be %2F
    ("DATABASE_URL", "postgres://connex:hunter2@db:fivethousand/connex"),
    ("DATABASE_URL", "postgres://connex:hunter2@db"),
    ("REDIS_URL", "redis://:hunter2@queue:six/0"),
    ("REDIS_URL", "redis://:hunter2@[::1/0"),
    ("REDIS_URL", "queue:hunter2@6379"),
]


@pytest.mark.parametrize(("name", "value"), BROKEN)
def test_a_broken_address_is_named_and_its_password_is_not_said(name, value):
    done = run(**{name: value})
    assert done.returncode == 2
    assert f"{name}=" in done.stdout
    assert "is not understood" in done.stdout
    assert "hunter2" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_everybody_else_still_fails_at_the_first():
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=django_settings.BASE_DIR,
        env={**os.environ, "PORT": "eighty"},
        capture_output=True,
        text=True,
    )
    assert done.returncode
    assert "PORT='eighty' is not understood" in done.stderr


def test_a_database_that_is_away_is_said_once_with_what_hangs_on_it():
    done = run("--json", DATABASE_URL="postgres://connex:x@127.0.0.1:1/connex")
    found = {each["id"]: each["sentence"] for each in json.loads(done.stdout)["findings"]}
    assert found["health.database"] == "The database does not answer."
    assert done.returncode == 2


def test_readers_collect_what_they_would_have_raised(monkeypatch):
    monkeypatch.setattr(env, "_problems", {})
    monkeypatch.setenv("HTTPS", "perhaps")
    monkeypatch.setenv("SECRET_KEY_FILE", "/no/such/file")
    monkeypatch.delenv("SECRET_KEY")
    assert env.flag("HTTPS", True) is False
    assert len(env.text("SECRET_KEY")) >= 50
    assert env.problems() == {
        "HTTPS": "HTTPS='perhaps' is not understood. Use 1 or 0.",
        "SECRET_KEY": "SECRET_KEY_FILE='/no/such/file' cannot be read (No such file or directory). Name a "
        "readable file or set SECRET_KEY.",
    }


# --- Settings that contradict each other


def test_debug_in_public(settings):
    settings.STAFF_HOSTS, settings.DEBUG, settings.HTTPS = ["admin.example.com"], True, True
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    assert ids(doctor_settings.contradictory()) == ["settings.DEBUG"]
    settings.STAFF_HOSTS = ["localhost"]
    assert ids(doctor_settings.contradictory()) == []


def test_tls_without_a_trusted_proxy_and_the_other_way_round(settings):
    settings.STAFF_HOSTS, settings.DEBUG = ["admin.example.com"], False
    settings.HTTPS, settings.ALLAUTH_TRUSTED_PROXY_COUNT = True, 0
    assert ids(doctor_settings.contradictory()) == ["settings.TRUSTED_PROXIES"]
    settings.HTTPS, settings.ALLAUTH_TRUSTED_PROXY_COUNT = False, 1
    assert ids(doctor_settings.contradictory()) == ["settings.HTTPS"]


def test_public_without_tls_and_a_short_key(settings):
    settings.STAFF_HOSTS, settings.SESSION_COOKIE_SECURE, settings.SECRET_KEY = (
        ["admin.example.com"],
        False,
        "x" * 9,
    )
    assert {"connex.W001", "connex.E001"} <= set(ids(doctor_settings.checked(database=False)))


# --- People and content


def test_nobody_who_may_do_everything(db):
    assert ids(people.administrators()) == ["people.administrator"]


def test_an_administrator_who_cannot_come_in_is_none(alice):
    assert "people.administrator" not in ids(people.administrators())
    alice.set_unusable_password()
    alice.save()
    assert "people.administrator" in ids(people.administrators())
    User.objects.filter(pk=alice.pk).update(password=factories.hashed_password(), is_active=False)
    assert "people.administrator" in ids(people.administrators())


def test_a_group_that_lost_its_people(alice):
    Group.objects.get(name=Role.ADMINISTRATOR).user_set.clear()
    assert "people.administrator" in ids(people.administrators())


def test_no_currency_and_a_portal_nobody_can_enter(db, portal_domain):
    Currency.objects.all().delete()
    assert ids(people.content()) == ["setup.currency", f"portal.{portal_domain.host}"]


def test_a_portal_with_a_contact(carol):
    assert ids(people.content()) == []


def test_a_portal_whose_only_contact_may_sign_in_at_any_portal(carol):
    Customer.objects.update(domain=None)
    assert ids(people.content()) == []


def test_no_switch_one_that_never_spoke_and_one_that_fell_silent(db):
    assert ids(people.switches()) == ["switch.none"]
    switch, _token = factories.make_switch(name="Berlin")
    assert ids(people.switches()) == ["switch.Berlin"]
    now = datetime.now(UTC)
    Switch.objects.filter(pk=switch.pk).update(heard_at=now)
    assert ids(people.switches()) == []
    [silent] = people.switches(now + timedelta(hours=2))
    assert "last reported at" in silent.sentence


# --- Database, files, backups


def test_the_database_of_the_tests_is_well(db):
    assert ids(ground.database()) == []
    assert ids(ground.extensions()) == []
    assert ids(ground.clocks()) == []


def test_a_missing_extension_an_old_server_and_a_modest_role(db, monkeypatch):
    monkeypatch.setattr(ground, "EXTENSIONS", ("pg_trgm", "pg_unheard_of"))
    monkeypatch.setattr(ground, "OLDEST_MAJOR", 99)
    real = ground._row
    monkeypatch.setattr(
        ground,
        "_row",
        lambda question: ("connex", False, False) if "pg_roles" in question else real(question),
    )
    assert ids(ground.database()) == ["database.version", "database.createdb"]
    assert ids(ground.extensions()) == ["database.extension.pg_unheard_of"]


def test_clocks_that_differ(db, monkeypatch):
    monkeypatch.setattr(ground, "_ask", lambda _question: datetime.now(UTC) + timedelta(seconds=90))
    [finding] = ground.clocks()
    assert "differ by 90 s" in finding.sentence


def test_static_files_that_were_never_collected(settings, tmp_path):
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
    }
    assert ids(ground.static_files()) == ["static.missing"]
    folder = django_settings.BASE_DIR / "static"
    css = {str(path.relative_to(folder)): "x" for path in folder.rglob("*.css")}
    (tmp_path / "staticfiles.json").write_text(json.dumps({"paths": css}))
    assert ids(ground.static_files()) == []


def test_backups_that_are_missing_old_and_never_proven(settings, tmp_path):
    settings.CONNEX_HOME = tmp_path
    assert ids(keeping.backups()) == ["backup.none"]
    journal.note(journal.MADE, tmp_path / "connex-1.tar")
    assert ids(keeping.backups()) == ["backup.unverified"]
    journal.note(journal.VERIFIED, tmp_path / "connex-1.tar")
    assert ids(keeping.backups()) == []
    assert ids(keeping.backups(datetime.now(UTC) + timedelta(days=8))) == ["backup.old", "backup.unverified"]


# --- The whole visit


@pytest.mark.django_db
def test_what_runs_is_looked_at_by_the_probes_of_readyz(monkeypatch):
    probe = health.Finding("pulse", False, "The pulse has never been heard of.", "Start it.")
    others = [health.Finding(name, True, "Well.") for name in ("database", "migrations")]
    monkeypatch.setattr(health, "findings", lambda: [*others, probe])
    assert Finding("health.pulse", ERROR, probe.sentence, probe.remedy) in visit.findings()


def test_exit_codes():
    warning = Finding("a", WARNING, "A.", "b")
    assert visit.exit_code([]) == 0
    assert visit.exit_code([warning]) == 1
    assert visit.exit_code([warning, Finding("b", ERROR, "B.", "c")]) == 2


def test_when_all_is_well_it_says_so(monkeypatch, capsys):
    monkeypatch.setattr(visit, "findings", list)
    with pytest.raises(SystemExit) as ended:
        call_command("doctor")
    assert ended.value.code == 0
    assert capsys.readouterr().out == "All is well.\n"
