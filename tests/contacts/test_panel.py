"""The people at a customer, on its page."""

from django.urls import reverse
from django.utils import timezone

from tests import factories
from tests.conftest import browser_of
from tests.pages import words
from users.roles import Role


def panel_of(customer):
    return reverse("contacts:panel", args=[customer.pk])


def test_the_panel_names_people_with_what_is_known_of_them(client_alice):
    customer = factories.make_customer()
    factories.make_contact(
        customer=customer, name="Katrin Vogel", email="k@example.com", type="billing", mobile="+49301",
        mobile_verified_at=timezone.now(), sign_in=True,
    )  # fmt: skip
    factories.make_contact(customer=customer, name="Jonas Adler", mobile="+49302")
    factories.make_contact(name="Somebody Else")

    panel = client_alice.get(panel_of(customer), headers={"HX-Request": "true"})

    assert words(panel).startswith("Contacts 2")
    shown = words(panel, "class", "cts")
    assert "Katrin Vogel billing signs in k@example.com +49301 Mobile verified" in shown
    assert "+49302 Mobile not verified" in shown
    assert "Somebody Else" not in shown
    assert "<html" not in panel.content.decode()


def test_without_a_script_the_same_panel_is_a_page(client_alice):
    contact = factories.make_contact(name="Katrin Vogel")

    page = client_alice.get(panel_of(contact.customer))

    assert "Katrin Vogel" in words(page, "id", "contacts")
    assert "Channels in use" in words(page, "id", "customer-head")


def test_nobody_yet_is_said_in_words(client_alice):
    assert "Nobody is known" in words(client_alice.get(panel_of(factories.make_customer())), "id", "contacts")


def test_strangers_wrong_roles_other_resellers_and_wrong_methods_get_nothing(
    client, client_bob, client_rita, client_alice, reseller_b
):
    foreign = factories.make_customer(reseller=reseller_b)

    assert client.get(panel_of(foreign)).status_code == 302
    assert client_bob.get(panel_of(foreign)).status_code == 403
    assert client_rita.get(panel_of(foreign)).status_code == 404
    assert client_alice.post(panel_of(foreign)).status_code == 405


def test_who_may_read_customers_but_no_contacts_is_not_offered_them(db):
    customer = factories.make_contact().customer
    staff = factories.make_staff(role=Role.SUPPORT)
    group = staff.groups.get()
    group.permissions.remove(*group.permissions.filter(codename="view_contact"))
    browser = browser_of(staff, factories.STAFF_HOST)

    assert browser.get(panel_of(customer)).status_code == 403
    assert panel_of(customer) not in browser.get(f"/customers/{customer.pk}/").content.decode()
