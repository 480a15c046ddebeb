"""Django admin: behind our own sign-in, for administrators alone, and no way around a rule."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection

from audit.models import Act, ActKind
from carriers.models import Carrier
from setup.models import Currency, Reseller
from tests import factories
from tests.conftest import browser_of
from tests.doors import back_doors
from tests.factories import PASSWORD, PORTAL_HOST, STAFF_HOST
from tests.pages import words
from tests.users.security import code_of, confirm, forget_used_codes, give_app, sign_in
from users import factors
from users.models import Kind, User
from users.roles import Role

ADMIN = "/admin/"
LOGIN = "/accounts/login/"


def path_of(door) -> str:
    """The path of a door with something in place of each parameter, also of those by regular expression."""
    path = re.sub(r"\(\?P<\w+>[^)]*\)", "x", door.path)
    return re.sub(r"<[^>]*>", "1", path).replace("$", "").replace(".*", "x")


DOORS = sorted({path_of(door) for door in back_doors()} - {"/admin/login/", "/admin/logout/"})


@pytest.fixture
def root(db) -> User:
    return factories.make_user(kind=Kind.STAFF, is_superuser=True, email="root@example.com")


@pytest.fixture
def client_root(root):
    """A superuser who has just confirmed."""
    browser = browser_of(root, STAFF_HOST)
    confirm(browser)
    return browser


@pytest.fixture
def admin_alice(client_alice):
    """Alice, an administrator by her group, who has just confirmed."""
    confirm(client_alice)
    return client_alice


# --- Who gets in


def test_the_walk_finds_the_doors():
    assert len(DOORS) > 40
    assert {"/admin/", "/admin/users/user/", "/admin/setup/currency/import/"} <= set(DOORS)


def test_strangers_are_sent_to_our_own_sign_in(client, portal_client, db):
    for door in DOORS:
        answer = client.get(door, follow=True)
        assert answer.redirect_chain[-1][0].startswith(f"{LOGIN}?next="), door
        assert portal_client.get(door).status_code == 404, door
    assert client.get("/admin/login/?next=/admin/users/")["Location"] == f"{LOGIN}?next=%2Fadmin%2Fusers%2F"


@pytest.mark.parametrize("who", ["nobody", "operations", "reseller's administrator", "account manager"])
def test_staff_who_are_no_administrators_are_refused_everywhere(db, reseller_a, who):
    user = {
        "nobody": lambda: factories.make_staff(role=None),
        "operations": lambda: factories.make_staff(role=Role.OPERATIONS),
        "reseller's administrator": lambda: factories.make_staff(
            role=Role.ADMINISTRATOR, reseller=reseller_a
        ),
        "account manager": lambda: factories.make_staff(role=Role.ACCOUNT_MANAGER),
    }[who]()
    browser = browser_of(user, STAFF_HOST)
    confirm(browser)
    for door in DOORS:
        assert browser.get(door).status_code == 403, door
        assert browser.post(door).status_code == 403, door
    assert "/admin/" not in browser.get("/").content.decode()


def test_contacts_have_no_back_door_on_either_site(client_carol, carol):
    assert client_carol.get(ADMIN).status_code == 404
    answer = browser_of(carol, STAFF_HOST).get(ADMIN, follow=True)
    assert answer.redirect_chain[-1][0].startswith(f"{LOGIN}?next=")


def test_entering_asks_again_who_it_is(client_alice):
    answer = client_alice.get("/admin/setup/currency/")
    assert answer["Location"] == "/accounts/confirm/?next=%2Fadmin%2Fsetup%2Fcurrency%2F"
    answer = client_alice.post("/accounts/confirm/", {"password": PASSWORD, "next": "/admin/setup/currency/"})
    assert client_alice.get(answer["Location"]).status_code == 200


def test_an_entry_lasts_half_an_hour_and_no_longer(admin_alice):
    assert admin_alice.get(ADMIN).status_code == 200
    session = admin_alice.session
    for proof in session["account_authentication_methods"]:
        proof["at"] -= 20 * 60
    session["back_door.entered_at"] -= 20 * 60
    session.save()
    assert admin_alice.get(ADMIN).status_code == 200
    session = admin_alice.session
    session["back_door.entered_at"] -= 11 * 60
    session.save()
    assert admin_alice.get(ADMIN).status_code == 302


def test_the_second_factor_is_honoured(client, alice):
    seed = give_app(alice)
    assert sign_in(client, alice, next=ADMIN)["Location"] == "/accounts/login/code/"
    assert client.get(ADMIN)["Location"].startswith("/admin/login/")
    forget_used_codes()
    assert client.post("/accounts/login/code/", {"code": code_of(seed)})["Location"] == ADMIN
    assert client.get(ADMIN).status_code == 200


def test_every_list_and_form_opens_for_a_superuser(client_root, db):
    factories.make_carrier(name="Northern Carrier")
    factories.make_contact()
    index = client_root.get(ADMIN).content.decode()
    lists = sorted(set(re.findall(r'href="(/admin/\w+/\w+/)"', index)))
    assert len(lists) >= 12
    assert not [one for one in lists if re.match("/admin/(account|mfa|usersessions)/", one)]
    for one in lists:
        assert client_root.get(one).status_code == 200, one
        assert client_root.get(f"{one}?q=north").status_code in (200, 302), one
        if row := re.search(rf'href="({one}[^"/]+/change/)', client_root.get(one).content.decode()):
            assert client_root.get(row[1]).status_code == 200, row[1]


# --- What it may not do


LOOK_ONLY = ["customers/customer", "contacts/contact", "routing/sipuser", "billing/account", "audit/act"]


@pytest.mark.parametrize("table", LOOK_ONLY)
def test_what_services_keep_in_step_is_only_looked_at(client_root, carols_customer, table):
    factories.make_contact(customer=carols_customer)
    factories.make_sip_user(carols_customer)
    page = client_root.get(f"/admin/{table}/").content.decode()
    assert client_root.get(f"/admin/{table}/add/").status_code == 403
    pk = re.search(rf'/admin/{table}/([^"/]+)/change/', page)
    assert pk, page
    assert client_root.post(f"/admin/{table}/{pk[1]}/change/", {"name": "x"}).status_code == 403
    assert client_root.post(f"/admin/{table}/{pk[1]}/delete/", {"post": "yes"}).status_code == 403


def test_secrets_are_on_no_page(client_root, root, carols_customer):
    factories.make_sip_user(carols_customer, ha1="f" * 32)
    switch, _token = factories.make_switch()
    user = factories.make_sip_user(carols_customer, ha1="e" * 32)
    pages = [
        f"/admin/routing/sipuser/{user.pk}/change/",
        f"/admin/calls/switch/{switch.pk}/change/",
        "/admin/routing/sipuser/",
    ]
    text = "".join(client_root.get(page).content.decode() for page in pages)
    assert "e" * 32 not in text
    assert switch.token_hash not in text
    assert root.password not in client_root.get(f"/admin/users/user/{root.pk}/change/").content.decode()


def test_people_and_secrets_cannot_be_exported(client_root, db):
    for table in ("users/user", "routing/sipuser", "calls/switch", "customers/customer"):
        assert client_root.get(f"/admin/{table}/export/").status_code in (302, 404), table


# --- Writing: rules hold, history names who


def who_wrote(table: str) -> tuple[str, str]:
    """Email and reason that the newest history row of a table carries."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT c.metadata->>'email', c.metadata->>'reason' FROM {table} e"
            " JOIN pghistory_context c ON c.id = e.pgh_context_id ORDER BY e.pgh_id DESC LIMIT 1"
        )
        return cursor.fetchone()


def test_a_change_carries_who_made_it(admin_alice, alice):
    reseller = Reseller.objects.create(name="Alpha")
    admin_alice.post(f"/admin/setup/reseller/{reseller.pk}/change/", {"name": "Beta", "email": ""})
    reseller.refresh_from_db()
    assert reseller.name == "Beta"
    assert who_wrote("setup_resellerevent") == (alice.email, "in Django admin")


def upload(browser, table: str, text: str):
    """Both steps of an import. Returns the answer to the first, and to the second (None: refused)."""
    file = SimpleUploadedFile("rows.csv", text.encode(), content_type="text/csv")
    first = browser.post(f"/admin/{table}/import/", {"import_file": file, "format": "0", "resource": "0"})
    form = first.context.get("confirm_form") if first.context else None
    if not form:
        return first, None
    return first, browser.post(f"/admin/{table}/process_import/", form.initial)


def test_carriers_come_from_a_file_and_go_to_one(admin_alice, alice):
    factories.make_currency("EUR")
    text = "id,name,currency,first_reply_timeout_s,pdd_timeout_s,ring_timeout_s,paid_mode,enabled\n"
    _first, second = upload(admin_alice, "carriers/carrier", f"{text},Northern,EUR,3,5,60,default,1\n")
    assert second is not None
    carrier = Carrier.objects.get()
    assert (carrier.name, carrier.currency_id) == ("Northern", "EUR")
    assert who_wrote("carriers_carrierevent")[0] == alice.email
    file = admin_alice.post("/admin/carriers/carrier/export/", {"format": "0", "resource": "0"})
    assert "Northern" in file.content.decode()


def test_files_are_for_those_who_may_change_or_see_the_table(db):
    keeper = factories.make_staff(role=None)
    rights = Permission.objects.filter(codename__in=["change_group", "view_carrier"])
    group = Group.objects.create(name="Keepers of roles")
    group.permissions.set(rights)
    keeper.groups.add(group)
    browser = browser_of(keeper, STAFF_HOST)
    confirm(browser)
    for table, can_see in (("carriers/carrier", True), ("setup/currency", False)):
        assert browser.get(f"/admin/{table}/import/").status_code == 403
        assert browser.get(f"/admin/{table}/export/").status_code == (200 if can_see else 403)


def test_a_file_with_one_wrong_row_changes_nothing_and_names_it(admin_alice):
    text = "code,name,digits,enabled\nSEK,Krona,2,1\nNOK,Krone,9,1\nsek,Krona,2,1\n"
    first, second = upload(admin_alice, "setup/currency", text)
    assert second is None
    page = words(first)
    assert "at most 8 minor digits" in page
    assert "ISO 4217" in page
    assert not Currency.objects.filter(code__in=["SEK", "NOK", "sek"]).exists()


def test_what_is_no_number_is_named_in_words(admin_alice):
    first, second = upload(admin_alice, "setup/currency", "code,name,digits,enabled\nSEK,Krona,two,1\n")
    assert second is None
    assert "“two” is no number." in words(first)


# --- People


def test_staff_are_made_with_password_role_and_reseller(client_root, reseller_a):
    fields = {
        "email": "new@example.com",
        "name": "New Person",
        "usable_password": "true",
        "password1": "a long enough passphrase",
        "password2": "a long enough passphrase",
    }
    answer = client_root.post("/admin/users/user/add/", fields)
    assert answer.status_code == 302, words(answer)
    user = User.objects.get(email="new@example.com")
    assert user.kind == Kind.STAFF
    role = factories.make_staff(role=Role.RESELLER).groups.get()
    fields = {"email": user.email, "name": "New", "time_zone": "UTC", "is_active": "on"}
    client_root.post(
        f"/admin/users/user/{user.pk}/change/", {**fields, "groups": [role.pk], "reseller": reseller_a.pk}
    )
    user.refresh_from_db()
    assert user.reseller == reseller_a
    assert list(user.groups.all()) == [role]
    browser = browser_of(None, STAFF_HOST)
    answer = browser.post(LOGIN, {"login": user.email, "password": "a long enough passphrase"})
    assert answer.status_code == 302


def test_deactivating_ends_the_sessions(client_root, bob):
    browser = browser_of(None, STAFF_HOST)
    sign_in(browser, bob)
    fields = {"email": bob.email, "name": bob.name, "time_zone": "UTC"}
    client_root.post(f"/admin/users/user/{bob.pk}/change/", fields)
    bob.refresh_from_db()
    assert not bob.is_active
    assert browser.get("/")["Location"].startswith(LOGIN)
    assert Act.objects.get(kind=ActKind.SESSION_ENDED, user=bob).detail == "1 ended: deactivated"


def test_a_new_password_ends_the_sessions_and_is_recorded(client_root, root, bob):
    browser = browser_of(None, STAFF_HOST)
    sign_in(browser, bob)
    new = {"password1": "a long enough passphrase", "password2": "a long enough passphrase"}
    client_root.post(f"/admin/users/user/{bob.pk}/password/", {**new, "usable_password": "true"})
    bob.refresh_from_db()
    assert bob.check_password("a long enough passphrase")
    assert browser.get("/")["Location"].startswith(LOGIN)
    assert Act.objects.get(kind=ActKind.PASSWORD_SET).detail == f"by {root.email}"


@pytest.mark.parametrize("number", ["{}", "%20{}", "0{}"])
def test_the_own_password_is_changed_where_the_present_one_is_asked_for(admin_alice, alice, number):
    new = "never-seen-before-4"
    fields = {"usable_password": "true", "password1": new, "password2": new}
    answer = admin_alice.post(f"/admin/users/user/{number.format(alice.pk)}/password/", fields)
    assert answer["Location"] == "/accounts/password/change/"
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)


def test_an_administrator_by_group_cannot_become_or_overtake_a_superuser(admin_alice, alice, root):
    fields = {
        "email": "x@example.com",
        "name": "x",
        "time_zone": "UTC",
        "is_active": "on",
        "is_superuser": "on",
    }
    other = factories.make_staff(role=None)
    admin_alice.post(f"/admin/users/user/{other.pk}/change/", fields)
    admin_alice.post(f"/admin/users/user/{alice.pk}/change/", fields)
    assert not User.objects.filter(is_superuser=True).exclude(pk=root.pk).exists()
    new = {"password1": "a long enough passphrase", "password2": "a long enough passphrase"}
    assert admin_alice.post(f"/admin/users/user/{root.pk}/password/", new).status_code == 403
    root.refresh_from_db()
    assert root.check_password(PASSWORD)


def test_nobody_shuts_himself_out(client_root, root):
    client_root.post(f"/admin/users/user/{root.pk}/change/", {"email": root.email, "time_zone": "UTC"})
    root.refresh_from_db()
    assert root.is_active
    assert root.is_superuser


def test_who_lost_everything_is_helped_and_it_is_recorded(admin_alice, alice, carol):
    give_app(carol)
    portal = browser_of(carol, PORTAL_HOST)
    assert portal.get("/").status_code == 200
    act = {"action": "reset_second_factors", "_selected_action": [carol.pk]}
    answer = admin_alice.post("/admin/users/user/", act, follow=True)
    assert "Nothing was reset" in words(answer)
    assert factors.has_any(carol)
    admin_alice.post("/admin/users/user/", act | {"reason": "called back on her number"})
    assert not factors.has_any(carol)
    assert portal.get("/").status_code == 302
    reset = Act.objects.get(kind=ActKind.FACTORS_RESET)
    assert (reset.user, reset.detail) == (carol, f"by {alice.email}: called back on her number")


def test_the_same_from_the_command_line(alice, capsys):
    give_app(alice)
    browser = browser_of(alice, STAFF_HOST)
    call_command("reset_second_factor", "ALICE@example.com", reason="seen in person")
    assert "1 second factors removed" in capsys.readouterr().out
    assert browser.get("/").status_code == 302
    assert Act.objects.get(kind=ActKind.FACTORS_RESET).detail == "by manage.py: seen in person"


@pytest.mark.parametrize(
    ("email", "reason", "sentence"),
    [
        ("nobody@example.com", "why", "Nobody signs in with 'nobody@example.com'"),
        ("alice@example.com", " ", "is empty"),
    ],
)
def test_the_command_refuses_with_a_sentence(alice, email, reason, sentence):
    with pytest.raises(CommandError, match=sentence):
        call_command("reset_second_factor", email, reason=reason)
