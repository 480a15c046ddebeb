"""Writes to customers: what is judged, what a repeat does, what holds at a moment."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from customers import services
from customers.models import Customer, Listing, Status
from customers.statuses import effective_status_sql
from tests import factories
from users.roles import Role

pytestmark = pytest.mark.django_db


def test_a_repeat_keeps_the_end_of_a_penalty():
    customer = factories.make_customer()
    end = timezone.now() + timedelta(hours=1)
    services.set_status(customer.pk, Status.PENALTY, by=None, until=end)
    services.set_status(customer.pk, Status.PENALTY, by=None)
    assert Customer.objects.get(pk=customer.pk).penalty_until == end


def test_an_older_fault_elsewhere_in_the_row_does_not_stop_a_penalty():
    customer = factories.make_customer()
    Customer.objects.filter(pk=customer.pk).update(website="no url", paypal_email="nor an address")
    services.set_status(customer.pk, Status.PENALTY, by=None)
    assert Customer.objects.get(pk=customer.pk).status == Status.PENALTY


@pytest.mark.parametrize(
    ("status", "until", "words"),
    [
        ("dialing", None, "is no status"),
        (Status.PENALTY, timedelta(minutes=-1), "in the past"),
        (Status.ACTIVE, timedelta(hours=1), "Only a penalty has an end"),
    ],
)
def test_what_cannot_be_a_status_is_refused_in_words(status, until, words):
    customer = factories.make_customer()
    with pytest.raises(ValidationError, match=words):
        services.set_status(customer.pk, status, by=None, until=until and timezone.now() + until)
    assert Customer.objects.get(pk=customer.pk).status == Status.ACTIVE


def test_a_penalty_is_over_at_its_end_for_every_reader_and_then_gives_back_what_held_before():
    customer = factories.make_customer(status=Status.INACTIVE)
    end = timezone.now() + timedelta(hours=1)
    services.set_status(customer.pk, Status.PENALTY, by=None, until=end)
    customer.refresh_from_db()
    just_before = end - timedelta(microseconds=1)
    for at, holds in ((just_before, Status.PENALTY), (end, Status.INACTIVE)):
        assert customer.effective_status(at) == holds
        for model in (Customer, Listing):
            assert model.objects.annotate(now=effective_status_sql(at)).get(pk=customer.pk).now == holds
    assert services.end_penalties(just_before) == 0
    assert services.end_penalties(end) == 1
    customer.refresh_from_db()
    assert (customer.status, customer.penalty_until) == (Status.INACTIVE, None)


def test_the_currency_cannot_be_changed_whoever_tries():
    customer = factories.make_customer(currency="EUR")
    factories.make_currency("USD")
    with pytest.raises(IntegrityError, match="account currency cannot be changed"), transaction.atomic():
        Customer.objects.filter(pk=customer.pk).update(currency="USD")


def test_a_name_is_taken_without_case_and_free_again_after_a_deletion():
    first = factories.make_customer(name="Altavox")
    with pytest.raises(ValidationError, match="already exists"):
        factories.make_customer(name="ALTAVOX")
    Customer.objects.filter(pk=first.pk).update(deleted_at=timezone.now())
    assert factories.make_customer(name="altavox").pk != first.pk


@pytest.mark.parametrize("words", ["²", "12²", "a'b\"c", "%", "_", "\\", "x" * 5_000, "\x00", "١٢"])
def test_no_search_is_an_error(client_alice, words):
    factories.make_customer(name="Altavox")
    assert client_alice.get("/customers/", {"q": words}).status_code == 200


def test_search_looks_only_into_what_a_person_may_read():
    customer = factories.make_customer(name="Altavox")
    factories.make_ip_auth(customer, host="198.51.100.77")
    factories.make_contact(customer=customer, email="jane@altavox.example")

    def found(role: str, words: str) -> bool:
        user = factories.make_staff(role=role)
        return Listing.objects.visible_to(user).search(words, user).exists()

    assert found(Role.ADMINISTRATOR, "198.51.100.77")
    assert found(Role.FINANCE, "altavox")
    assert not found(Role.FINANCE, "198.51.100.77")
