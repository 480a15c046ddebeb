"""New customers by hand."""

import pytest

from customers.models import Customer, Listing
from tests import factories
from tests.pages import filled
from users.roles import Role

GOOD = {"name": "Altavox Wholesale", "currency": "EUR", "country": "DE", "debit_limit": "0"}


@pytest.fixture(autouse=True)
def currencies(db):
    factories.make_currency("EUR")
    factories.make_currency("XTS", enabled=False)


def new(browser, *, follow=False, **changes):
    """The answer to the form as it opens, with GOOD and `changes` typed into it."""
    posted = filled(browser.get("/customers/new/"), **{**GOOD, **changes})
    return browser.post("/customers/new/", posted, follow=follow)


@pytest.mark.accept("G-64")
def test_a_customer_made_by_hand_is_listed_after_a_thousand_others_and_no_limit_is_met(client_alice):
    for number in range(1_000):
        factories.make_customer(name=f"Further {number}")
    response = new(client_alice, follow=True)
    made = Customer.objects.get(name="Altavox Wholesale")
    assert response.redirect_chain == [(f"/customers/{made.pk}/", 302)]
    assert (made.currency_id, made.country, made.account.balance) == ("EUR", "DE", 0)
    page = client_alice.get("/customers/", {"s": "name"}).content.decode()
    assert "1,001" in page
    assert "Altavox Wholesale" in page


def test_the_list_offers_new_to_who_may_create_and_to_nobody_else(client_alice, client):
    assert 'href="/customers/new/"' in client_alice.get("/customers/?s=name").content.decode()
    client.force_login(factories.make_staff(role=Role.READ_ONLY))
    assert 'href="/customers/new/"' not in client.get("/customers/?s=name").content.decode()
    assert client.get("/customers/new/").status_code == 403
    assert client.post("/customers/new/", GOOD).status_code == 403
    assert not Customer.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": ""}, "Required"),
        ({"name": "Taken"}, "already exists"),
        ({"currency": "XTS"}, "Select a valid choice"),
        ({"country": "D1"}, "Select a valid choice"),
        ({"channels_limit": "-1"}, "greater than or equal to 0"),
        ({"debit_limit": "1,5x"}, "is no number"),
        ({"name": "a\x00b"}, "Null characters"),
    ],
)
def test_wrong_fields_are_answered_with_422_and_words_and_nothing_is_made(client_alice, wrong, words):
    factories.make_customer(name="taken")
    response = new(client_alice, **wrong)
    assert response.status_code == 422
    assert words in response.content.decode()
    assert Customer.objects.count() == 1


@pytest.mark.parametrize("who", ["rita", "anna"])
def test_who_sees_only_some_customers_sees_those_it_makes(client, request, who):
    user = request.getfixturevalue(who)
    client.force_login(user)
    assert new(client, follow=True).status_code == 200
    made = Listing.objects.get()
    assert (made.reseller_id, made.account_manager_id) == (
        user.reseller_id,
        None if who == "rita" else user.pk,
    )
