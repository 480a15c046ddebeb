"""Contacts are made, changed and removed on a customer's page, and get a password by hand."""

from __future__ import annotations

import threading

import pytest
from django.apps import apps
from django.contrib.auth import authenticate
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import RequestFactory
from django.urls import reverse

from audit.models import Act, ActKind
from contacts import services
from contacts.models import Contact, ContactType
from contacts.rules import looks_like_a_password, networks, phone_number
from customers.models import Customer
from setup.models import Installation
from tests import factories
from tests.conftest import browser_of
from tests.pages import filled, links, words
from users.models import Kind
from users.roles import Role

NEW = "seven green bottles hanging"


def door(name, customer, contact=None):
    return reverse(f"contacts:{name}", args=[customer.pk, *([contact.pk] if contact else [])])


def post(browser, url, **typed):
    """Opens a form, types, and sends it as a browser would."""
    return browser.post(url, filled(browser.get(url), **typed))


@pytest.fixture
def customer(db):
    return factories.make_customer(name="Rheinfon")


# --- Made


@pytest.mark.accept("C-06")
def test_a_contact_is_added_on_the_customers_page(client_alice, customer):
    panel = client_alice.get(door("panel", customer), headers={"HX-Request": "true"})
    assert door("new", customer) in links(panel)

    answer = post(
        client_alice,
        door("new", customer),
        name="Katrin Vogel",
        email="k.vogel@rheinfon.example",
        phone="0049 (30) 5550-1188",
        mobile="+49 170 555 0142",
        type="noc",
        notes_public="Ask for Jonas at night.",
        ip_whitelist="192.0.2.7\r\n2001:db8::1/32",
    )

    assert (answer.status_code, answer["Location"]) == (302, f"/customers/{customer.pk}/")
    contact = Contact.objects.get()
    assert (contact.name, contact.email, contact.type) == (
        "Katrin Vogel",
        "k.vogel@rheinfon.example",
        ContactType.NOC,
    )
    assert (contact.phone, contact.mobile) == ("+493055501188", "+491705550142")
    assert contact.ip_whitelist == ["192.0.2.7", "2001:db8::/32"]
    assert contact.email_verified_at is None
    shown = words(client_alice.get(door("panel", customer), headers={"HX-Request": "true"}), "class", "cts")
    assert "Katrin Vogel NOC k.vogel@rheinfon.example +491705550142 Mobile not verified" in shown


def test_name_and_email_are_required(client_alice, customer):
    answer = post(client_alice, door("new", customer))

    assert answer.status_code == 422
    assert words(answer, "id", "contact-form").count("Required") == 2
    assert not Contact.objects.exists()


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("name", "x" * 129, "at most 128"),
        ("name", "a\x00b", "ull"),
        ("name", "\u202e\u200b", "no letter"),
        ("email", "nobody", "valid email"),
        ("email", f"{'x' * 250}@example.com", "at most 254"),
        ("phone", "030 123456", "no international number"),
        ("mobile", "+49 170 call me", "no international number"),
        ("mobile", "4.9E+11", "no international number"),
        ("type", "boss", "Select a valid choice"),
        ("ip_whitelist", "192.0.2.300 localhost", "No address or network: 192.0.2.300, localhost"),
        ("notes_private", "x" * 5_001, "5000 characters"),
    ],
)
def test_what_a_field_cannot_hold_is_said_at_it_and_nothing_is_saved(
    client_alice, customer, field, typed, said
):
    right = {"name": "Katrin", "email": "k@example.com"}
    answer = client_alice.post(door("new", customer), {"type": "general", **right, field: typed})

    assert answer.status_code == 422
    assert said in words(answer, "id", "contact-form")
    assert not Contact.objects.exists()


def test_html_in_a_name_stays_text(client_alice, customer):
    post(client_alice, door("new", customer), name="<b>Eve</b> 😀", email="eve@example.com")

    page = client_alice.get(door("edit", customer, Contact.objects.get()))
    assert "<b>Eve</b> 😀" in words(page)
    assert "<b>Eve" not in page.content.decode()


# --- An address belongs to one person


def test_an_address_of_another_customer_is_refused_with_its_name(client_alice, customer):
    other = factories.make_customer(name="Altavox")
    factories.make_contact(customer=other, name="Jane", email="Jane@altavox.example")

    answer = post(client_alice, door("new", customer), name="Jane", email="jane@altavox.example")

    assert answer.status_code == 422
    assert "jane@altavox.example is an address of Jane at Altavox" in words(answer)


def test_the_other_customer_is_not_named_to_those_who_may_not_see_it(client_rita, reseller_a):
    own = factories.make_customer(reseller=reseller_a)
    factories.make_contact(customer=factories.make_customer(name="Altavox"), email="jane@altavox.example")

    answer = post(client_rita, door("new", own), name="Jane", email="jane@altavox.example")

    assert (answer.status_code, "is in use already" in words(answer)) == (422, True)
    assert "Altavox" not in words(answer)


def test_an_address_of_a_deleted_customer_is_free(client_alice, customer, alice):
    gone = factories.make_contact(email="jane@altavox.example").customer
    Customer.objects.filter(pk=gone.pk).update(deleted_at=gone.created_at)

    answer = post(client_alice, door("new", customer), name="Jane", email="jane@altavox.example")

    assert answer.status_code == 302


def test_twice_the_same_address_at_one_customer_is_refused(client_alice, customer):
    factories.make_contact(customer=customer, email="jane@example.com")

    answer = post(client_alice, door("new", customer), name="Jane", email="JANE@example.com")

    assert (answer.status_code, "already has a contact with this email" in words(answer)) == (422, True)


@pytest.mark.django_db(transaction=True)
def test_two_customers_cannot_take_one_address_in_the_same_moment(alice):
    customers = [factories.make_customer().pk, factories.make_customer().pk]
    barrier, refused = threading.Barrier(2), []

    def add(customer_id):
        try:
            barrier.wait(20)
            services.add_contact(customer_id, by=None, name="Jane", email="jane@example.com")
        except ValidationError as error:
            refused.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=add, args=[pk]) for pk in customers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert (len(refused), Contact.objects.count()) == (1, 1)


# --- Changed


@pytest.mark.accept("C-13", part="staff sets and sees both; the contact's own way comes with the portal")
def test_verified_is_set_and_taken_by_staff(client_alice, customer):
    contact = factories.make_contact(customer=customer, mobile="+491705550142")
    url = door("edit", customer, contact)

    post(client_alice, url, email_verified="on", mobile_verified="on")
    contact.refresh_from_db()
    assert contact.email_verified_at is not None
    assert contact.mobile_verified_at is not None
    panel = words(client_alice.get(door("panel", customer)), "class", "cts")
    assert "Mobile verified Email verified" in panel

    taken = filled(client_alice.get(url))
    del taken["email_verified"]
    client_alice.post(url, taken)
    contact.refresh_from_db()
    assert contact.email_verified_at is None
    assert contact.mobile_verified_at is not None


def test_another_mobile_is_not_verified_any_more(client_alice, customer):
    contact = factories.make_contact(customer=customer, mobile="+491705550142")
    url = door("edit", customer, contact)
    post(client_alice, url, mobile_verified="on")

    post(client_alice, url, mobile="+491705550199")

    contact.refresh_from_db()
    assert (contact.mobile, contact.mobile_verified_at) == ("+491705550199", None)


def test_no_mobile_cannot_be_verified(client_alice, customer):
    contact = factories.make_contact(customer=customer)

    answer = post(client_alice, door("edit", customer, contact), mobile_verified="on")

    assert (answer.status_code, "no mobile that could be verified" in words(answer)) == (422, True)


def test_saving_what_stands_there_leaves_no_history(client_alice, customer):
    contact = factories.make_contact(customer=customer, phone="+49301234567", ip_whitelist=["192.0.2.0/24"])

    assert post(client_alice, door("edit", customer, contact)).status_code == 302

    events = apps.get_model("contacts", "ContactEvent").objects.filter(pgh_obj_id=contact.pk)
    assert [event.pgh_label for event in events] == ["insert"]


def test_what_somebody_else_saved_meanwhile_is_kept_and_what_both_changed_is_asked_about(
    client_alice, customer, bob
):
    contact = factories.make_contact(customer=customer, name="Katrin")
    url = door("edit", customer, contact)
    mine = filled(client_alice.get(url), name="Katrin Vogel")
    services.change_contact(contact.pk, by=bob, phone="+49301234567")

    assert client_alice.post(url, mine).status_code == 302
    contact.refresh_from_db()
    assert (contact.name, contact.phone) == ("Katrin Vogel", "+49301234567")

    mine = filled(client_alice.get(url), name="Katrin V.")
    services.change_contact(contact.pk, by=bob, name="K. Vogel")
    answer = client_alice.post(url, mine)
    assert (answer.status_code, "is now K. Vogel" in words(answer)) == (409, True)


def test_a_change_of_a_contact_is_taken_back_from_the_audit_tab(client_alice, customer, bob):
    contact = factories.make_contact(customer=customer, email="old@example.com")
    services.change_contact(contact.pk, by=bob, email="new@example.com")
    number = apps.get_model("contacts", "ContactEvent").objects.latest("pgh_id").pgh_id

    client_alice.post(reverse("customers:change", args=[customer.pk, f"contact-{number}"]))

    contact.refresh_from_db()
    assert contact.email == "old@example.com"


def test_a_reason_is_asked_for_where_setup_says_so(client_alice, customer):
    Installation.objects.create(pk=1, audit_comment=True)
    url = door("new", customer)

    assert post(client_alice, url, name="Kai", email="kai@example.com").status_code == 422
    assert post(client_alice, url, name="Kai", email="kai@example.com", reason="new").status_code == 302


# --- Notes


@pytest.mark.accept("C-11")
def test_the_form_warns_of_passwords_in_notes_and_asks_where_one_seems_to_stand_there(client_alice, customer):
    url = door("new", customer)
    assert "Write no password into notes" in words(client_alice.get(url))
    typed = {"name": "Kai", "email": "kai@example.com", "notes_private": "SIP password: hunter2"}

    answer = post(client_alice, url, **typed)
    assert (answer.status_code, "looks like a password" in words(answer)) == (422, True)
    assert not Contact.objects.exists()

    answer = client_alice.post(url, filled(answer, as_it_is="on"))
    assert (answer.status_code, Contact.objects.get().notes_private) == (302, "SIP password: hunter2")


@pytest.mark.parametrize(
    "note", ["Password: x", "pw=abc", "das Kennwort ist Hund", "PIN: 1234", "my pass is q"]
)
def test_what_looks_like_a_password(note):
    assert looks_like_a_password(note)


@pytest.mark.parametrize("note", ["", "forgot the password", "Passau: call at nine", "pins and needles"])
def test_what_does_not_look_like_a_password(note):
    assert not looks_like_a_password(note)


@pytest.mark.accept("C-10")
def test_the_contact_reads_public_notes_in_the_portal_and_never_private_ones(
    client_alice, client_carol, carols_contact
):
    url = door("edit", carols_contact.customer, carols_contact)
    post(client_alice, url, notes_public="Maintenance on Sunday", notes_private="pays late")

    page = client_carol.get("/")
    assert "Maintenance on Sunday" in words(page, "id", "notes")
    assert "pays late" not in page.content.decode()
    assert "pays late" in client_alice.get(url).content.decode()


# --- Signing in


def signs_in(domain, email, password):
    request = RequestFactory(headers={"host": domain.host}).get("/")
    request.site_kind = Kind.CONTACT
    return authenticate(request, email=email, password=password) is not None


@pytest.mark.accept("C-07")
@pytest.mark.accept("C-09")
@pytest.mark.accept("C-12", part="by hand; by mail comes with messages")
def test_a_typed_password_works_at_sign_in_and_the_old_one_stops(
    client_alice, portal_client, portal_domain, customer
):
    contact = factories.make_contact(customer=customer, email="kai@example.com")
    url = door("password", customer, contact)
    assert url in links(client_alice.get(door("panel", customer)))

    post(client_alice, url, password=NEW, again=NEW)
    answer = portal_client.post("/accounts/login/", {"login": "kai@example.com", "password": NEW})
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert "Account" in words(portal_client.get("/"))

    post(client_alice, url, password=f"{NEW} again", again=f"{NEW} again")
    assert portal_client.get("/").status_code == 302  # the session of the old password is over
    assert not signs_in(portal_domain, "kai@example.com", NEW)
    assert signs_in(portal_domain, "kai@example.com", f"{NEW} again")
    assert "alice@example.com" in Act.objects.get(kind=ActKind.PASSWORD_SET).detail


def test_a_password_is_never_sent_back(client_alice, customer):
    url = door("password", customer, factories.make_contact(customer=customer))

    answer = post(client_alice, url, password=NEW, again="other words entirely")

    assert (answer.status_code, "not the same" in words(answer)) == (422, True)
    assert NEW not in answer.content.decode()


@pytest.mark.parametrize("weak", ["short", "1234567890", "x" * 65])
def test_a_weak_password_is_refused(client_alice, customer, weak):
    contact = factories.make_contact(customer=customer)

    answer = post(client_alice, door("password", customer, contact), password=weak, again=weak)

    contact.refresh_from_db()
    assert (answer.status_code, contact.user) == (422, None)


def test_the_sign_in_follows_the_email(client_alice, portal_domain, carols_contact):
    post(client_alice, door("edit", carols_contact.customer, carols_contact), email="c2@example.com")

    assert signs_in(portal_domain, "c2@example.com", factories.PASSWORD)
    assert not signs_in(portal_domain, "carol@example.com", factories.PASSWORD)


def test_an_email_that_staff_signs_in_with_is_refused_for_who_signs_in(client_alice, alice, carols_contact):
    answer = post(
        client_alice, door("edit", carols_contact.customer, carols_contact), email="Alice@example.com"
    )

    carols_contact.refresh_from_db()
    assert (answer.status_code, carols_contact.email) == (422, "carol@example.com")
    assert "Somebody else already signs in with" in words(answer)


def test_several_people_of_one_customer_sign_in(client_alice, portal_domain, customer):
    for name in ("kai", "kim"):
        contact = factories.make_contact(customer=customer, email=f"{name}@example.com")
        post(client_alice, door("password", customer, contact), password=NEW, again=NEW)

    assert all(signs_in(portal_domain, f"{name}@example.com", NEW) for name in ("kai", "kim"))


def test_who_is_deleted_is_out_at_once_and_can_come_back(client_alice, client_carol, carols_contact, alice):
    customer = carols_contact.customer
    client_alice.post(door("delete", customer, carols_contact))

    assert client_carol.get("/").status_code == 302
    assert not Contact.objects.filter(pk=carols_contact.pk).exists()
    again = services.add_contact(customer.pk, by=alice, name="Carol", email="carol@example.com")
    assert services.give_sign_in(again.pk, NEW, by=alice).is_active


def test_a_sign_in_is_ended_and_the_contact_stays(client_alice, client_carol, carols_contact):
    client_alice.post(door("close", carols_contact.customer, carols_contact))

    assert client_carol.get("/").status_code == 302
    assert Contact.objects.filter(pk=carols_contact.pk).exists()


@pytest.mark.accept("C-14", part="type, whitelist; a flag beside the number is missing")
def test_a_foreign_address_is_refused_by_the_whitelist_that_staff_typed(
    client_alice, client_carol, carols_contact
):
    url = door("edit", carols_contact.customer, carols_contact)
    post(client_alice, url, type="billing", ip_whitelist="192.0.2.0/24")

    assert client_carol.get("/", REMOTE_ADDR="192.0.2.9").status_code == 200
    assert client_carol.get("/", REMOTE_ADDR="198.51.100.9").status_code == 302
    carols_contact.refresh_from_db()
    assert carols_contact.type == ContactType.BILLING


# --- Who may


@pytest.mark.parametrize("name", ["new", "edit", "delete", "password", "close"])
def test_who_may_only_read_changes_nothing(customer, name):
    contact = factories.make_contact(customer=customer)
    reader = browser_of(factories.make_staff(role=Role.READ_ONLY), factories.STAFF_HOST)
    url = door(name, customer, None if name == "new" else contact)

    assert [reader.get(url).status_code, reader.post(url).status_code] == [403, 403]
    assert url not in links(reader.get(door("panel", customer)))


@pytest.mark.parametrize("name", ["edit", "delete", "password", "close"])
def test_a_contact_of_another_customer_is_not_found_at_this_one(client_alice, customer, name):
    other = factories.make_contact()

    assert client_alice.post(door(name, customer, other)).status_code == 404
    assert Contact.objects.filter(pk=other.pk).exists()


# --- Rules


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("", ""), (" +49 30-555.01 ", "+493055501"), ("0044 20 7946 0018", "+442079460018")],
)
def test_numbers_are_kept_as_e164(typed, kept):
    assert phone_number(typed) == kept


def test_networks_are_kept_each_once_as_the_machine_writes_them():
    assert networks("192.0.2.7/24, 192.0.2.0/24\n10.0.0.1/32;2001:DB8::1") == [
        "192.0.2.0/24",
        "10.0.0.1",
        "2001:db8::1",
    ]
