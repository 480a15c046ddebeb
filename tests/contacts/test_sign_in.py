"""A contact gets a sign-in, and loses it again."""

import pytest
from django.core.exceptions import ValidationError

from contacts import services
from tests import factories
from users.models import Kind, User

NEW = "seven green bottles hanging"


def test_a_contact_gets_a_user_of_its_own(alice):
    contact = factories.make_contact(name="Dora", email="dora@example.com")
    services.give_sign_in(contact.pk, NEW, by=alice, reason="asked by phone")
    contact.refresh_from_db()
    assert (contact.user.kind, contact.user.email) == (Kind.CONTACT, "dora@example.com")
    assert contact.user.check_password(NEW)


def test_a_repeat_sets_a_new_password_and_makes_no_second_user(alice, carols_contact, carol):
    services.give_sign_in(carols_contact.pk, NEW, by=alice)
    carol.refresh_from_db()
    assert carol.check_password(NEW)
    assert User.objects.filter(kind=Kind.CONTACT).count() == 1


def test_an_email_that_somebody_signs_in_with_is_not_given_twice(alice):
    contact = factories.make_contact(email="Alice@example.com")
    with pytest.raises(ValidationError, match="already signs in with Alice@"):
        services.give_sign_in(contact.pk, NEW, by=alice)
    contact.refresh_from_db()
    assert contact.user is None


def test_a_weak_password_is_refused(alice):
    contact = factories.make_contact()
    with pytest.raises(ValidationError, match="too short"):
        services.give_sign_in(contact.pk, "short", by=alice)
    assert not User.objects.filter(kind=Kind.CONTACT).exists()


def test_taking_the_sign_in_ends_it_at_once(alice, client_carol, carols_contact):
    assert client_carol.get("/").status_code == 200
    services.take_sign_in(carols_contact.pk, by=alice)
    assert client_carol.get("/").status_code == 302
    services.take_sign_in(carols_contact.pk, by=alice)


def test_a_sign_in_that_was_taken_can_be_given_again(alice, carols_contact):
    services.take_sign_in(carols_contact.pk, by=alice)
    assert services.give_sign_in(carols_contact.pk, NEW, by=alice).is_active
