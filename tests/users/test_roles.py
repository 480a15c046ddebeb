"""Roles: presets in code that seed Groups, which are then the operator's own."""

from importlib import import_module

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command

from customers.models import Customer
from tests import factories
from users import roles
from users.models import OfferedRight
from users.roles import MATRIX, Role


def rights_of(name: str) -> set[str]:
    stored = Group.objects.get(name=name).permissions
    return {f"{app}.{code}" for app, code in stored.values_list("content_type__app_label", "codename")}


def test_groups_exist_after_migrating(db):
    for role in Role:
        assert rights_of(role) == roles.rights(role)
    assert Group.objects.count() == len(Role)


def test_the_matrix_names_no_right_that_does_not_exist():
    assert roles.unknown_rights() == []


def test_every_row_of_the_matrix_has_one_cell_per_role():
    assert {len(row) for row in MATRIX.values()} == {len(Role)}


def test_a_misspelt_right_is_noticed(monkeypatch):
    monkeypatch.setitem(roles.MATRIX, "customers.custmer", ("rcud", "-", "-", "-", "-", "-", "-"))
    assert "customers.view_custmer" in roles.unknown_rights()


def test_an_administrator_has_every_right_of_the_matrix():
    assert roles.rights(Role.ADMINISTRATOR) == set().union(*map(roles.rights, Role))


def test_read_only_reads():
    assert all(".view_" in right for right in roles.rights(Role.READ_ONLY))


@pytest.mark.parametrize("role", [Role.ACCOUNT_MANAGER, Role.RESELLER])
def test_some_roles_see_only_their_own_customers(role):
    assert "customers.view_every_customer" not in roles.rights(role)


def test_resellers_see_neither_carriers_nor_switches_nor_setup():
    areas = {right.partition(".")[0] for right in roles.rights(Role.RESELLER)}
    assert areas == {"customers", "contacts", "routing", "calls", "billing", "grids"}
    assert "calls.view_switch" not in roles.rights(Role.RESELLER)


def test_seeding_again_leaves_an_edited_group_alone(db):
    support = Group.objects.get(name=Role.SUPPORT)
    support.permissions.set(Permission.objects.filter(codename="view_customer"))
    call_command("seed_roles")
    assert rights_of(Role.SUPPORT) == {"customers.view_customer"}


def test_seeding_brings_back_a_missing_group(db):
    Group.objects.get(name=Role.FINANCE).delete()
    assert roles.seed() == ["Finance"]
    assert rights_of(Role.FINANCE) == roles.rights(Role.FINANCE)


def test_reset_gives_the_presets_back(db, capsys):
    Group.objects.get(name=Role.SUPPORT).permissions.clear()
    call_command("seed_roles", "--reset")
    assert rights_of(Role.SUPPORT) == roles.rights(Role.SUPPORT)
    assert "Support" in capsys.readouterr().out


def test_migrating_again_leaves_an_edited_group_alone(db):
    Group.objects.get(name=Role.SUPPORT).permissions.clear()
    roles.seed_after_migrate(using="default")
    assert rights_of(Role.SUPPORT) == set()


def test_no_preset_is_cut_short_while_rights_are_still_being_made(db):
    Group.objects.all().delete()
    late = Permission.objects.get(codename="view_ledgerentry")
    late.delete()
    roles.seed_after_migrate(using="default")
    assert not Group.objects.exists()
    Permission.objects.create(name=late.name, content_type=late.content_type, codename=late.codename)
    roles.seed_after_migrate(using="default")
    assert rights_of(Role.FINANCE) == roles.rights(Role.FINANCE)


def test_no_group_means_no_right(bob):
    assert bob.is_active
    assert bob.get_all_permissions() == set()


def test_a_right_given_past_the_groups_opens_nothing(bob):
    bob.user_permissions.set(Permission.objects.all())
    assert bob.get_all_permissions() == set()
    assert not bob.has_perm("customers.view_customer")


def test_rights_cost_one_query(alice, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert alice.has_perm("customers.view_customer")
        assert alice.has_perm("customers.view_every_customer")
        assert not alice.has_perm("customers.no_such_right")


def test_groups_add_up(bob):
    bob.groups.set(Group.objects.filter(name__in=[Role.SUPPORT, Role.FINANCE]))
    assert bob.get_all_permissions() == roles.rights(Role.SUPPORT) | roles.rights(Role.FINANCE)


# --- Which rows


def visible(user) -> set[str]:
    return set(Customer.objects.visible_to(user).values_list("name", flat=True))


@pytest.fixture
def three_customers(reseller_a, anna):
    factories.make_customer(name="ours")
    factories.make_customer(name="of A", reseller=reseller_a)
    factories.make_customer(name="managed by anna", account_manager=anna)


def test_staff_see_all_customers(three_customers, alice):
    assert visible(alice) == {"ours", "of A", "managed by anna"}


@pytest.mark.accept("F-37", part="the user sees the customer; the form to pick a reseller is missing")
def test_a_resellers_user_sees_that_resellers(three_customers, rita, rolf):
    assert visible(rita) == {"of A"}
    assert visible(rolf) == set()


def test_a_resellers_user_sees_no_more_with_every_right(three_customers, rita):
    rita.groups.set(Group.objects.filter(name=Role.ADMINISTRATOR))
    assert visible(rita) == {"of A"}


@pytest.mark.accept("T-05", part="a user is the account manager; the form to pick one is missing")
def test_an_account_manager_sees_those_managed(three_customers, anna):
    assert visible(anna) == {"managed by anna"}


def test_nobody_else_sees_any(three_customers, bob, carol, reseller_a):
    assert visible(bob) == visible(carol) == set()
    assert visible(factories.make_staff(role=None, reseller=reseller_a)) == set()


# --- Rights that come with a later release


@pytest.fixture
def newer_matrix(db, monkeypatch):
    """A release that lets Support see the history, and has an area that none had before."""
    row = list(roles.MATRIX["audit.act"])
    row[list(Role).index(Role.SUPPORT)] = "r"
    monkeypatch.setitem(roles.MATRIX, "audit.act", tuple(row))
    OfferedRight.objects.filter(right__endswith="_currency").delete()  # as if currencies were new
    for role in Role:
        Group.objects.get(name=role).permissions.remove(
            *Permission.objects.filter(codename__endswith="_currency")
        )


def test_a_new_right_reaches_the_groups_that_were_there_before_it(newer_matrix):
    roles.seed_after_migrate(using="default")
    for role in Role:
        assert rights_of(role) == roles.rights(role)
    assert "audit.view_act" in rights_of(Role.SUPPORT)
    assert roles.seed() == []


def test_what_operators_gave_and_took_away_stays_when_new_rights_come(newer_matrix):
    finance = Group.objects.get(name=Role.FINANCE)
    finance.permissions.set(Permission.objects.filter(codename__in=["view_customer", "delete_carrier"]))
    assert "Finance" in roles.seed()
    new = {right for right in roles.rights(Role.FINANCE) if right.endswith("_currency")}
    assert rights_of(Role.FINANCE) == {"customers.view_customer", "carriers.delete_carrier"} | new


def test_a_right_that_was_offered_and_taken_away_is_not_offered_again(newer_matrix):
    roles.seed()
    Group.objects.get(name=Role.SUPPORT).permissions.remove(Permission.objects.get(codename="view_act"))
    assert roles.seed() == []
    assert "audit.view_act" not in rights_of(Role.SUPPORT)


def test_groups_from_before_offers_were_noted_have_had_those_of_their_release(db):
    OfferedRight.objects.all().delete()
    Group.objects.get(name=Role.READ_ONLY).delete()
    migration = import_module("users.migrations.0003_offered_rights")
    migration.note_what_was_offered(apps, None)
    offered = set(OfferedRight.objects.filter(role=Role.SUPPORT).values_list("right", flat=True))
    assert "customers.change_customer" in offered
    assert "customers.view_every_customer" in offered
    assert "customers.view_credit" not in offered
    assert not OfferedRight.objects.filter(role=Role.READ_ONLY).exists()
