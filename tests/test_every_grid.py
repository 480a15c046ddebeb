"""Every grid of the product sorts, pages, escapes, hides and costs as grids/testing.py says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.utils import timezone

from audit.grids import ActGrid
from audit.models import Act, ActKind
from calls.fields import Cause
from calls.grids import CdrGrid, DialogGrid, OfCalls
from calls.inboxgrid import QuarantineGrid
from calls.models import Cdr, CdrFormat, Dialog, DialogState, QuarantinedRecord, Switch
from carriers.models import Carrier
from contacts.grids import ContactGrid
from contacts.models import Contact, ContactType
from customers.grids import CustomerGrid
from customers.models import Customer, Listing
from grids import testing
from grids.grid import Grid
from grids.testing import GridCase
from setup.models import Reseller
from tests import factories
from users.grids import UserGrid
from users.models import User
from users.roles import Role

ROOMS = ("portal", "switch", "billing", "calls", "screening", "routing", "rates", "carriers", "messaging")
ROOMS += ("contacts", "customers", "imports", "sqlbox", "jobs", "audit", "users", "setup")


def add_customers(count: int, words: str) -> None:
    for _ in range(count):
        factories.make_customer(name=f"{words} {next(factories.numbers)}")


def vary_customers() -> None:
    now = timezone.now()
    for number, row in enumerate(Listing.objects.order_by("-pk")[1:], start=1):
        factories.set_figures(
            row.customer, balance=-number, channels=number % 3, cps=number, attempts_24h=number * 10,
            connected_24h=number, duration_ms_24h=number**2, pdd_count_24h=1, pdd_sum_ms_24h=number * 100,
            last_call_at=now - timedelta(hours=number),
        )  # fmt: skip


def add_cdrs(count: int, words: str) -> None:
    """All of one customer over one carrier."""
    customer = Customer.objects.first() or factories.make_customer(name=words)
    switch = Switch.objects.first() or factories.make_switch(name=words)[0]
    carrier = Carrier.objects.first() or factories.make_carrier(name=words)
    for _ in range(count):
        factories.make_cdr(
            customer, switch=switch, carrier_id=carrier.pk, callid=f"{words} {next(factories.numbers)}",
            cli=words, destination=words, sip_reason=words, released_by=words, codec=words,
            customer_charge="0.01",
        )  # fmt: skip


def vary_cdrs() -> None:
    for number, row in enumerate(Cdr.objects.order_by("-callid")[1:], start=1):
        Cdr.objects.filter(callid=row.callid).update(
            duration_ms=number * 1000, pdd_ms=number, ring_ms=number, pdd_out_ms=number, connected=False,
            sip_code=480 + number % 20, customer_charge=number, carrier_charge=-number, attempt=number,
            q850=number % 100,
        )  # fmt: skip


def add_refused(count: int, words: str) -> None:
    switch = Switch.objects.first() or factories.make_switch(name=words)[0]
    now = timezone.now()
    for _ in range(count):
        QuarantinedRecord.objects.create(
            switch=switch, format=CdrFormat.values[0], fingerprint=f"{next(factories.numbers)}",
            cause=Cause.CLOCK, raw=words.encode(), reason=words, field=words, received_at=now,
            last_received_at=now, note=words,
        )  # fmt: skip


def vary_refused() -> None:
    now = timezone.now()
    for number, row in enumerate(QuarantinedRecord.objects.order_by("-pk")[1:], start=1):
        QuarantinedRecord.objects.filter(pk=row.pk).update(
            times=number, cause=Cause.values[number % 3], last_received_at=now - timedelta(minutes=number),
        )  # fmt: skip


def add_dialogs(count: int, words: str) -> None:
    customer = Customer.objects.first() or factories.make_customer(name=words)
    switch = Switch.objects.first() or factories.make_switch(name=words)[0]
    now = timezone.now()
    for _ in range(count):
        Dialog.objects.create(
            customer_id=customer.pk, switch=switch, callid=f"{words} {next(factories.numbers)}", cli=words,
            state=DialogState.CONNECTED, started_at=now, seen_at=now, told_at=now, codec=words,
        )  # fmt: skip


def vary_dialogs() -> None:
    now = timezone.now()
    for number, row in enumerate(Dialog.objects.order_by("-callid")[1:], start=1):
        Dialog.objects.filter(callid=row.callid).update(
            started_at=now - timedelta(seconds=number), destination=f"4930{number}", codec=f"c{number}",
            answered_at=now if number % 2 else None,
        )  # fmt: skip


def add_contacts(count: int, words: str) -> None:
    customer = Customer.objects.first() or factories.make_customer()
    for _ in range(count):
        number = next(factories.numbers)
        factories.make_contact(
            customer=customer, name=words, email=f"a{number}@example.com", phone=words[:32]
        )


def vary_contacts() -> None:
    now = timezone.now()
    for number, row in enumerate(Contact.objects.order_by("-pk")[1:], start=1):
        Contact.objects.filter(pk=row.pk).update(
            mobile=f"+44{number}", type=list(ContactType)[number % 5], notes_private=str(number),
            email_verified_at=now - timedelta(hours=number), created_at=now - timedelta(days=number),
        )  # fmt: skip


def add_acts(count: int, words: str) -> None:
    user = User.objects.order_by("pk").first()
    for number in range(count):
        Act.objects.create(
            kind=list(ActKind)[number % 4], user=user, email=words, detail=f"{words} {number}",
            ip="203.0.113.9",
        )  # fmt: skip


def vary_nothing() -> None:
    """Acts never change."""


def add_users(count: int, words: str) -> None:
    for _ in range(count):
        factories.make_staff(role=Role.SUPPORT, name=words)


def vary_users() -> None:
    now = timezone.now()
    for number, row in enumerate(User.objects.order_by("-pk")[1:], start=1):
        User.objects.filter(pk=row.pk).update(
            time_zone=f"Etc/GMT-{number % 12}", last_login=now - timedelta(hours=number),
            date_joined=now - timedelta(days=number),
        )  # fmt: skip


CASES = [
    GridCase(CustomerGrid, "/customers/", "/customers/live/", add_customers, vary_customers),
    GridCase(ContactGrid, "/contacts/", "/contacts/live/", add_contacts, vary_contacts),
    GridCase(ActGrid, "/audit/", "/audit/live/", add_acts, vary_nothing),
    GridCase(UserGrid, "/users/", "/users/live/", add_users, vary_users),
    GridCase(QuarantineGrid, "/calls/quarantine/", "/calls/quarantine/live/", add_refused, vary_refused),
    GridCase(DialogGrid, "/calls/live/", "/calls/live/live/", add_dialogs, vary_dialogs),
    GridCase(CdrGrid, "/calls/records/", "/calls/records/live/", add_cdrs, vary_cdrs),
]
EVERY_GRID = pytest.mark.parametrize("case", CASES, ids=lambda case: case.grid_class.__name__)


def all_grids(parent: type[Grid] = Grid) -> set[type[Grid]]:
    return {grid for child in parent.__subclasses__() for grid in {child, *all_grids(child)}}


def test_no_grid_of_ours_is_left_out():
    ours = {grid for grid in all_grids() if grid.__module__.split(".")[0] in ROOMS}
    assert ours - {OfCalls} == {case.grid_class for case in CASES}


@EVERY_GRID
def test_each_column_sorts_both_ways_with_missing_values_last(
    case: GridCase, client_alice: Client, alice: User
):
    testing.check_sorts(case, client_alice, alice)


@EVERY_GRID
def test_each_operator_of_each_filter_answers_at_the_same_cost(
    case: GridCase, client_alice: Client, alice: User
):
    testing.check_filters(case, client_alice, alice)


@EVERY_GRID
def test_no_address_fails_and_what_is_unknown_becomes_a_chip(case: GridCase, client_alice: Client):
    testing.check_bad_addresses(case, client_alice)


@EVERY_GRID
def test_a_page_costs_at_most_eight_queries_at_any_size(case: GridCase, client_alice: Client):
    testing.check_cost(case, client_alice)


@EVERY_GRID
def test_a_column_without_permission_does_not_exist(case: GridCase, client_bob: Client, bob: User):
    testing.check_permissions(case, client_bob, bob, grant_to(bob))


@EVERY_GRID
@pytest.mark.parametrize("role", Role)
def test_every_role_may_search_sort_and_poll(
    case: GridCase, role: Role, client: Client, reseller_a: Reseller
):
    reseller = reseller_a if role is Role.RESELLER else None
    user = factories.make_staff(role=role, reseller=reseller)
    client.force_login(user)
    testing.check_search(case, client, user)


@EVERY_GRID
def test_names_that_are_markup_are_text(case: GridCase, client_alice: Client):
    testing.check_escaping(case, client_alice)


@EVERY_GRID
def test_every_row_is_on_exactly_one_page(case: GridCase, client_alice: Client):
    testing.check_paging(case, client_alice)


@EVERY_GRID
def test_a_file_holds_what_the_grid_shows(case: GridCase, client_alice: Client, alice: User):
    testing.check_exports(case, client_alice, alice)


@EVERY_GRID
def test_strangers_are_sent_to_the_sign_in_page(case: GridCase, client: Client):
    assert client.get(case.url).status_code == 302
    assert client.get(case.poll_url).status_code == 302
    assert client.get(f"{case.url}export/?s=&format=csv").status_code == 302


def grant_to(user: User) -> Callable[[str], None]:
    def grant(permission: str) -> None:
        room, codename = permission.split(".")
        group, _ = Group.objects.get_or_create(name=f"May {permission}")  # rights come from groups only
        group.permissions.add(Permission.objects.get(content_type__app_label=room, codename=codename))
        user.groups.add(group)

    return grant
