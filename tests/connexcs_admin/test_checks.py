"""What is set wrongly is said at start, with what to do."""

import pytest
from django.core.checks import run_checks

from connexcs_admin import checks
from tests import factories
from users import roles


def ids(found) -> list[str]:
    assert all(message.hint for message in found)
    return [message.id for message in found]


def test_this_installation_has_nothing_to_complain_of(db):
    assert [message for message in run_checks(databases=["default"]) if message.id.startswith("connex")] == []


def test_a_short_secret_key(settings):
    settings.SECRET_KEY = "x" * 49
    assert ids(checks.secret_key_is_long()) == ["connex.E001"]
    assert "49 characters" in checks.secret_key_is_long()[0].msg


def test_no_staff_host(settings):
    settings.STAFF_HOSTS = []
    assert ids(checks.staff_hosts_are_hosts()) == ["connex.E002"]


@pytest.mark.parametrize(
    "host", ["https://admin.example.com", "admin.example.com:8000", "a b", "admin/x", "host."]
)
def test_a_staff_host_that_is_none(settings, host):
    settings.STAFF_HOSTS = ["localhost", host]
    assert ids(checks.staff_hosts_are_hosts()) == ["connex.E003"]


@pytest.mark.parametrize("host", ["localhost", "Admin.Example.com", "127.0.0.1", "[::1]"])
def test_a_staff_host_that_is_one(settings, host):
    settings.STAFF_HOSTS = [host]
    assert ids(checks.staff_hosts_are_hosts()) == []


def test_something_that_runs_before_hosts_are_judged(settings):
    settings.MIDDLEWARE = ["django.middleware.common.CommonMiddleware", *settings.MIDDLEWARE]
    assert ids(checks.hosts_are_judged()) == ["connex.E004"]
    settings.MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
    assert ids(checks.hosts_are_judged()) == ["connex.E004"]


def test_a_role_with_an_unknown_right(monkeypatch):
    monkeypatch.setitem(roles.MATRIX, "customers.custmer", ("r", "-", "-", "-", "-", "-", "-"))
    found = checks.roles_name_known_rights()
    assert ids(found) == ["connex.E005"]
    assert "customers.view_custmer" in found[0].msg


def test_passwords_in_the_open(settings):
    settings.STAFF_HOSTS = ["localhost", "admin.example.com"]
    assert ids(checks.passwords_travel_safely()) == ["connex.W001"]
    settings.SESSION_COOKIE_SECURE = True
    assert ids(checks.passwords_travel_safely()) == []


def test_one_host_for_two_sites(db):
    factories.make_portal_domain(host="localhost")
    assert ids(checks.no_host_has_two_sites(databases=["default"])) == ["connex.W002"]
    assert ids(checks.no_host_has_two_sites()) == []


def test_short_encryption_keys_are_counted_from_one(settings):
    settings.ENCRYPTION_KEYS = ["k" * 32, "short"]
    assert ids(checks.encryption_keys_are_long()) == ["connex.E006"]
    assert "Key 2 of ENCRYPTION_KEYS has 5 characters" in checks.encryption_keys_are_long()[0].msg
