"""Blocks of internal numbers: the next free one, and back again."""

from __future__ import annotations

import threading

import pytest
from django.apps import apps
from django.db import connection
from django.urls import reverse

from customers import numbers
from customers.models import NumberBlock
from setup.models import Installation
from tests import factories
from tests.conftest import browser_of
from tests.pages import links, words
from users.roles import Role


def assign(browser, customer, **more):
    return browser.post(reverse("customers:block_assign", args=[customer.pk]), **more)


def delete_url(block):
    return reverse("customers:block_delete", args=[block.customer_id, block.pk])


def given():
    return list(NumberBlock.objects.order_by("pk").values_list("first", "last"))


@pytest.fixture
def setup(db):
    return Installation.objects.create(pk=1, number_range_start=1000, number_block_size=1000)


@pytest.fixture
def customer(db):
    return factories.make_customer()


@pytest.mark.accept("C-16")
def test_plus_gives_the_next_free_block(client_alice, setup, customer):
    page = client_alice.get(f"/customers/{customer.pk}/")
    assert "Assign block" in words(page, "id", "blocks")

    answer = assign(client_alice, customer, follow=True)
    assert "1000 1999 1,000 0" in words(answer, "id", "blocks")
    assign(client_alice, factories.make_customer())
    assign(client_alice, customer)
    assert given() == [(1000, 1999), (2000, 2999), (3000, 3999)]


def test_a_gap_is_filled_and_blocks_of_another_size_are_gone_around(client_alice, setup, customer):
    for first, last in ((1, 999), (1000, 1999), (2500, 2599), (4999, 5000)):
        NumberBlock.objects.create(customer=customer, first=first, last=last)

    for _ in range(3):
        assign(client_alice, customer)

    assert given()[4:] == [(3000, 3999), (6000, 6999), (7000, 7999)]


@pytest.mark.accept("C-17")
@pytest.mark.parametrize(
    ("start", "size", "said"),
    [
        (None, 1000, "“internal numbers start at”"),
        (1000, None, "“size of a number block”"),
        (None, None, "“internal numbers start at”, “size of a number block”"),
    ],
)
def test_without_start_or_size_it_is_said_what_is_missing(client_alice, customer, start, size, said):
    Installation.objects.create(pk=1, number_range_start=start, number_block_size=size)

    answer = assign(client_alice, customer, follow=True)

    assert f"No block can be given: Setup does not say {said}" in words(answer)
    assert given() == []


def test_when_all_numbers_are_given_that_is_said(client_alice, customer):
    Installation.objects.create(pk=1, number_range_start=numbers.HIGHEST - 4, number_block_size=4)

    assign(client_alice, customer)
    answer = assign(client_alice, customer, follow=True)

    assert "All internal numbers are given away" in words(answer)
    assert len(given()) == 1


@pytest.mark.django_db(transaction=True)
def test_two_people_at_once_get_two_blocks(setup):
    customers = [factories.make_customer().pk for _ in range(4)]
    barrier = threading.Barrier(4)

    def work(pk):
        try:
            barrier.wait(20)
            numbers.assign_block(pk, by=None)
        finally:
            connection.close()

    workers = [threading.Thread(target=work, args=[pk]) for pk in customers]
    for each in workers:
        each.start()
    for each in workers:
        each.join(30)

    assert sorted(given()) == [(1000 * k, 1000 * k + 999) for k in range(1, 5)]


def test_a_block_that_a_sip_user_needs_is_not_taken_back(client_alice, setup, customer):
    block = numbers.assign_block(customer.pk, by=None)
    factories.make_sip_user(customer, username="1007")
    factories.make_sip_user(customer, username="2007")
    factories.make_sip_user(factories.make_customer(), username="1008")
    page = client_alice.get(f"/customers/{customer.pk}/")
    assert "1000 1999 1,000 1" in words(page, "id", "blocks")
    assert delete_url(block) in links(page)

    answer = client_alice.post(delete_url(block), follow=True)

    assert "SIP user 1007 has a number of this block" in words(answer)
    assert given() == [(1000, 1999)]


def test_a_block_that_nobody_needs_is_taken_back_and_that_is_told(client_alice, setup, customer, alice):
    block = numbers.assign_block(customer.pk, by=None)
    assert "Take back 1000–1999?" in words(client_alice.get(delete_url(block)))

    client_alice.post(delete_url(block))

    assert given() == []
    event = apps.get_model("customers", "NumberBlockEvent").objects.get(pgh_label="delete")
    assert event.pgh_context.metadata["email"] == alice.email
    assert client_alice.post(delete_url(block)).status_code == 404


def test_who_may_only_read_gets_and_takes_nothing(setup, customer):
    block = numbers.assign_block(customer.pk, by=None)
    reader = browser_of(factories.make_staff(role=Role.READ_ONLY), factories.STAFF_HOST)

    assert assign(reader, customer).status_code == 403
    assert reader.post(delete_url(block)).status_code == 403
    assert "Assign block" not in words(reader.get(f"/customers/{customer.pk}/"), "id", "blocks")


def test_a_block_of_another_customer_is_not_found_at_this_one(client_alice, setup, customer):
    block = numbers.assign_block(factories.make_customer().pk, by=None)

    url = reverse("customers:block_delete", args=[customer.pk, block.pk])
    assert client_alice.post(url).status_code == 404
