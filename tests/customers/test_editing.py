"""One customer's form: what it stores, refuses and hides, and two people at it at once."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from customers import services
from customers.models import CallWindow, Customer, Status
from setup.models import Installation
from tests import factories
from tests.conftest import browser_of
from tests.factories import STAFF_HOST
from tests.pages import filled, words
from users.roles import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def nova(db: None) -> Customer:
    factories.make_currency("EUR")
    factories.make_currency("USD")
    return factories.make_customer(name="Nova", channels_limit=10, debit_limit=Decimal("25.5"), tags=["voip"])


@pytest.fixture
def client_ben(db: None) -> Client:
    """Somebody else who may change customers."""
    return browser_of(factories.make_staff(name="Ben Brown"), STAFF_HOST)


def url(customer: Customer) -> str:
    return f"/customers/{customer.pk}/edit/"


def save(browser: Client, customer: Customer, **changes: object) -> Any:
    """The answer to the form as it opens, with `changes` typed into it."""
    return browser.post(url(customer), filled(browser.get(url(customer)), **changes))


def events(customer: Customer) -> list[Any]:
    rows = apps.get_model("customers", "CustomerEvent").objects.filter(pgh_obj_id=customer.pk)
    return list(rows.order_by("pgh_id"))


# --- What it stores


@pytest.mark.accept("F-66")
def test_the_form_shows_what_is_stored_and_saving_it_untouched_changes_nothing(client_alice, nova):
    posted = filled(client_alice.get(url(nova)))
    assert (posted["name"], posted["channels_limit"], posted["debit_limit"]) == (["Nova"], ["10"], ["25.5"])
    assert posted["tags"] == ["voip"]
    before = events(nova)
    assert save(client_alice, nova).status_code == 302
    assert events(nova) == before, "a row that did not change has no history"


EVERY_FIELD = {
    "name": "Nova Telecom", "status": "inactive", "channels_limit": "30", "cps_limit": "5",
    "debit_limit": "-7.25", "daily_spend_limit": "100", "min_payment": "20", "tax": "19",
    "topup_currencies": ["EUR", "USD"], "tags": "voip, retail,  voip",
    "paypal_email": "pay@nova.example", "website": "https://nova.example",
    "paid_mode": "required", "stir_attestation": "B", "rtp_firewall": "locked", "recording_days": "30",
    "inbound_at_zero_balance": "on", "invoice_schedule": "monthly", "invoice_on_payment": "on",
    "invoice_due_days": "14", "ext_accounting_id": "K-77", "vars": "[cli]\npersist=600",
    "first_reply_timeout_s": "3", "pdd_timeout_s": "6", "ring_timeout_s": "60", "address1": "Kai 3\n2. Stock",
    "address2": "Hof", "city": "Hamburg", "county": "HH", "postcode": "20457", "country": "DE",
    "approved_clis_only": "on", "email_verification": "on", "mobile_verification": "on",
    "notes": "calls <b>late</b> 📞", "time_zone": "europe/berlin", "day_0": "9-13, 14-18", "day_4": "9-16:30",
}  # fmt: skip


@pytest.mark.accept("F-02")
@pytest.mark.accept("F-39")
@pytest.mark.accept("F-40")
@pytest.mark.accept("F-41")
@pytest.mark.accept("F-53")
@pytest.mark.accept("F-60")
def test_every_field_is_stored_and_there_again(client_alice, nova):
    assert save(client_alice, nova, **EVERY_FIELD).status_code == 302
    nova.refresh_from_db()
    assert (nova.name, nova.status, nova.debit_limit) == ("Nova Telecom", Status.INACTIVE, Decimal("-7.25"))
    assert (nova.tags, nova.topup_currencies) == (["voip", "retail"], ["EUR", "USD"])
    assert (nova.time_zone, nova.week) == ("Europe/Berlin", {0: [(540, 780), (840, 1080)], 4: [(540, 990)]})
    assert (nova.invoice_schedule, nova.invoice_on_payment, nova.inbound_at_zero_balance) == (
        "monthly", True, True,
    )  # fmt: skip
    again = filled(client_alice.get(url(nova)))
    shown = {
        **EVERY_FIELD, "tags": "voip, retail", "time_zone": "Europe/Berlin",
        "day_0": "09:00–13:00, 14:00–18:00", "day_4": "09:00–16:30",
    }  # fmt: skip
    for name, value in shown.items():
        assert again[name] == (value if isinstance(value, list) else [value]), name


@pytest.mark.accept("F-25")
def test_p_asserted_id_offers_four_ways_and_stores_each(client_alice, nova):
    page = client_alice.get(url(nova)).content.decode()
    select = re.search(r'<select name="paid_mode".*?</select>', page, re.DOTALL)
    assert select
    offered = re.findall(r'<option value="(\w+)"[^>]*>([^<]+)<', select[0])
    assert [words for _value, words in offered] == ["Default", "Remove", "If available", "Required"]
    for value, _words in offered:
        assert save(client_alice, nova, paid_mode=value).status_code == 302
        nova.refresh_from_db()
        assert nova.paid_mode == value


@pytest.mark.accept("F-33")
def test_tags_are_added_removed_and_typed_anew_and_stand_on_the_page(client_alice, nova):
    assert save(client_alice, nova, tags="voip, retail, Sommer 2027").status_code == 302
    assert save(client_alice, nova, tags="retail, Sommer 2027, Retail").status_code == 302
    nova.refresh_from_db()
    assert nova.tags == ["retail", "Sommer 2027", "Retail"]
    page = words(client_alice.get(f"/customers/{nova.pk}/"), "id", "customer-head")
    assert "Sommer 2027" in page
    assert "voip" not in page


@pytest.mark.accept("F-37")
def test_who_works_for_the_chosen_reseller_sees_the_customer_from_then_on(
    client_alice, client_rita, nova, reseller_a
):
    form = client_alice.get(url(nova)).content.decode()
    assert f'<option value="{reseller_a.pk}">{reseller_a.name}</option>' in form
    assert client_rita.get(f"/customers/{nova.pk}/").status_code == 404
    assert save(client_alice, nova, reseller=reseller_a.pk).status_code == 302
    assert client_rita.get(f"/customers/{nova.pk}/").status_code == 200
    assert "Nova" in client_rita.get("/customers/?s=name").content.decode()
    assert save(client_alice, nova, reseller="").status_code == 302
    assert client_rita.get(f"/customers/{nova.pk}/").status_code == 404


def test_a_box_that_is_not_ticked_is_off(client_alice, nova):
    posted = filled(client_alice.get(url(nova)))
    assert posted.pop("portal_access") == ["on"]
    client_alice.post(url(nova), posted)
    nova.refresh_from_db()
    assert nova.portal_access is False


@pytest.mark.accept("F-09", part="stored as no limit; that calls pass waits for the call decision")
@pytest.mark.parametrize("text", ["", "0"])
def test_nothing_and_nought_are_no_limit(client_alice, nova, text):
    assert save(client_alice, nova, channels_limit=text).status_code == 302
    nova.refresh_from_db()
    assert not nova.channels_limit


def test_who_changed_what_and_why_is_in_the_history(client_alice, alice, nova):
    save(client_alice, nova, channels_limit="11", reason="ticket 4711")
    event = events(nova)[-1]
    assert event.channels_limit == 11
    assert event.pgh_context.metadata["reason"] == "ticket 4711"
    assert event.pgh_context.metadata["email"] == alice.email


@pytest.mark.accept("F-69")
def test_where_a_reason_is_asked_for_nothing_is_saved_without(client_alice, nova):
    Installation.objects.update_or_create(pk=1, defaults={"audit_comment": True})
    answer = save(client_alice, nova, channels_limit="11")
    assert answer.status_code == 422
    assert "Required" in words(answer)
    nova.refresh_from_db()
    assert nova.channels_limit == 10
    assert save(client_alice, nova, channels_limit="11", reason="ticket 4711").status_code == 302


# --- What it refuses


@pytest.mark.accept("F-05")
@pytest.mark.accept("F-19")
@pytest.mark.accept("F-23")
@pytest.mark.accept("F-35")
@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("name", "", "Required"),
        ("name", " \t ", "Required"),
        ("name", "x" * 129, "at most 128 characters"),
        ("name", "VEGA", "A customer with this name already exists"),
        ("name", "a\x00b", "Null characters are not allowed"),
        ("channels_limit", "1.5", "Enter a whole number"),
        ("channels_limit", "-1", "greater than or equal to 0"),
        ("channels_limit", "1e3", "Enter a whole number"),
        ("channels_limit", "99999999999", "less than or equal to 2147483647"),
        ("cps_limit", "fast", "Enter a whole number"),
        ("name", "Ve\u200bga\u202e", "A customer with this name already exists"),
        ("name", "\u200f\u2060", "has no letter that can be seen"),
        ("name", "a\x07b", "cannot be printed"),
        ("debit_limit", "NaN", "“NaN” is no number"),
        ("debit_limit", "Infinity", "is no number"),
        ("debit_limit", "1,5", "is no number"),
        ("debit_limit", "1e3", "“1e3” is no number"),
        ("debit_limit", "\u0663", "is no number"),
        ("debit_limit", "9" * 65, "is longer than any amount"),
        ("debit_limit", "9" * 20, "no more than 12 digits before the decimal point"),
        ("tax", "1E1", "is no number"),
        ("paypal_email", "PAY@vega.example", "Another customer already pays from this PayPal address"),
        ("portal_hide", ["cdr"], "cannot be both shown and hidden: CDR"),
        ("portal_show", ["no such item"], "no such item is not one of the available choices"),
        ("min_payment", "-1", "greater than or equal to 0"),
        ("tax", "100.1", "Tax must be between 0 and 100"),
        ("tax", "-0.1", "Tax must be between 0 and 100"),
        ("tax", "", "Required"),
        ("paypal_email", "pay at nova", "Enter a valid email address"),
        ("website", "javascript:alert(1)", "Enter a valid URL"),
        ("country", "XX", "Select a valid choice"),
        ("status", "dialing", "Select a valid choice"),
        ("topup_currencies", ["XTS"], "Select a valid choice"),
        ("vars", "a = 1\nb = [", "Line 2: "),
        ("vars", "a b", "Line 1: "),
        ("vars", "a = " + "[" * 5000, "Line 1: "),
        ("tags", "x" * 65, "at most 64 characters"),
        ("tags", ",".join(map(str, range(51))), "at most 50 tags; these are 51"),
        ("time_zone", "Mars/Olympus", "“Mars/Olympus” is no time zone"),
        ("day_2", "22-6", "ends before it begins"),
        ("ring_timeout_s", "40000", "less than or equal to 32767"),
        ("invoice_due_days", "-1", "greater than or equal to 0"),
    ],
)
def test_a_wrong_field_is_named_on_its_tab_and_nothing_is_saved(client_alice, nova, field, value, said):
    factories.make_customer(name="Vega", paypal_email="pay@vega.example")
    Customer.objects.filter(pk=nova.pk).update(portal_show=["cdr"])
    before = events(nova)
    answer = save(client_alice, nova, **{"city": "Bremen", field: value})
    assert answer.status_code == 422
    assert said in words(answer, "id", f"id_{field}_error")
    assert "Wrong fields: 1" in words(answer)
    assert events(nova) == before, "nothing of it is stored, the right fields neither"
    assert 'value="Bremen"' in answer.content.decode(), "what was typed is still there"


def test_an_older_fault_elsewhere_in_the_row_does_not_stop_a_change(client_alice, nova):
    old = {"website": "no url", "country": "ZZ", "topup_currencies": ["XTS"], "portal_hide": ["gone"]}
    Customer.objects.filter(pk=nova.pk).update(**old)
    assert save(client_alice, nova, city="Bremen").status_code == 302
    nova.refresh_from_db()
    assert nova.city == "Bremen"
    assert {name: getattr(nova, name) for name in old} == old, "nothing was lost on the way either"


@pytest.mark.parametrize("taken", [{"name": "Vega"}, {"paypal_email": "pay@vega.example"}])
def test_what_somebody_else_takes_between_check_and_save_is_said_in_words(alice, nova, monkeypatch, taken):
    once = iter([True])
    check = Customer.full_clean

    def overtaken(self, *args, **options):
        check(self, *args, **options)
        if next(once, False):
            factories.make_customer(**taken)

    monkeypatch.setattr(Customer, "full_clean", overtaken)
    with pytest.raises(ValidationError, match="already"):
        services.change_customer(nova.pk, dict(taken), by=alice)
    assert Customer.objects.get(pk=nova.pk).name == "Nova"


def test_portal_items_are_shown_and_hidden_by_customer(client_alice, nova):
    answer = save(client_alice, nova, portal_show=["cdr", "breakout"], portal_hide=["balance"])
    assert answer.status_code == 302
    nova.refresh_from_db()
    assert (nova.portal_show, nova.portal_hide) == (["cdr", "breakout"], ["balance"])
    assert save(client_alice, nova, portal_show=[]).status_code == 302
    nova.refresh_from_db()
    assert (nova.portal_show, nova.portal_hide) == ([], ["balance"])


def test_who_may_only_read_hours_leaves_them_as_they_are(client, client_alice, nova):
    save(client_alice, nova, day_0="9-17")
    client.force_login(factories.make_staff(role=Role.FINANCE))
    forged = {"day_0": "", "day_1": "0-24", "time_zone": "Europe/Berlin", "city": "Bremen"}
    assert save(client, nova, **forged).status_code == 302
    nova.refresh_from_db()
    assert (nova.city, nova.week, nova.time_zone) == ("Bremen", {0: [(540, 1020)]}, "UTC")


def test_what_was_typed_is_escaped(client_alice, nova):
    answer = save(client_alice, nova, city='"><script>alert(1)</script>', name="")
    assert "<script>alert(1)" not in answer.content.decode()


@pytest.mark.accept("F-21")
def test_the_currency_can_be_read_but_not_changed(client_alice, nova):
    page = client_alice.get(url(nova))
    assert "currency" not in filled(page)
    assert "Fixed since the account was opened" in words(page)
    assert save(client_alice, nova, currency="USD").status_code == 302
    nova.refresh_from_db()
    assert nova.currency_id == "EUR"


# --- Whom it hides what from


def test_a_resellers_user_changes_own_customers_and_cannot_give_them_away(
    client_rita, reseller_a, reseller_b, nova
):
    own = factories.make_customer(name="Hers", reseller=reseller_a)
    posted = filled(client_rita.get(url(own)))
    assert not {"reseller", "account_manager"} & posted.keys()
    assert save(client_rita, own, reseller=str(reseller_b.pk), city="Bremen").status_code == 302
    own.refresh_from_db()
    assert (own.city, own.reseller) == ("Bremen", reseller_a)
    assert client_rita.get(url(nova)).status_code == 404
    assert client_rita.post(url(nova), {"name": "Stolen"}).status_code == 404


def test_who_sees_no_money_keeps_it_as_it_is(client, nova):
    client.force_login(factories.make_staff(role=Role.SUPPORT))
    assert not {"debit_limit", "daily_spend_limit", "min_payment"} & filled(client.get(url(nova))).keys()
    assert save(client, nova, debit_limit="9999", city="Bremen").status_code == 302
    nova.refresh_from_db()
    assert (nova.debit_limit, nova.city) == (Decimal("25.5"), "Bremen")


def test_who_may_only_read_has_no_form(client, nova):
    client.force_login(factories.make_staff(role=Role.READ_ONLY))
    assert client.get(url(nova)).status_code == 403
    assert f'href="{url(nova)}"' not in client.get(f"/customers/{nova.pk}/").content.decode()


def test_a_deleted_customer_has_no_form(client_alice, nova):
    Customer.objects.filter(pk=nova.pk).update(deleted_at="2026-01-01T00:00Z")
    assert client_alice.get(url(nova)).status_code == 404


# --- Two at once


@pytest.mark.accept("F-68")
def test_what_two_people_changed_is_kept_or_asked_about(client_alice, client_ben, nova):
    hers, his = filled(client_alice.get(url(nova))), filled(client_ben.get(url(nova)))
    client_ben.post(url(nova), {**his, "city": "Bremen", "channels_limit": "20", "day_0": "9-12"})

    answer = client_alice.post(url(nova), {**hers, "postcode": "20457", "channels_limit": "30"})
    assert answer.status_code == 409
    assert "Channels is now 20" in words(answer)
    assert "City" not in words(answer, "role", "alert")
    nova.refresh_from_db()
    assert (nova.channels_limit, nova.postcode) == (20, ""), "nothing is saved before she has decided"

    again = filled(answer)
    assert (again["city"], again["channels_limit"], again["postcode"]) == (["Bremen"], ["30"], ["20457"])
    assert client_alice.post(url(nova), again).status_code == 302
    nova.refresh_from_db()
    assert (nova.channels_limit, nova.postcode, nova.city) == (30, "20457", "Bremen")
    assert nova.week == {0: [(540, 720)]}


def test_theirs_can_be_taken(client_alice, client_ben, nova):
    hers = filled(client_alice.get(url(nova)))
    save(client_ben, nova, channels_limit="20")
    asked = filled(client_alice.post(url(nova), {**hers, "channels_limit": "30", "city": "Ulm"}))
    taken = client_alice.post(url(nova), {**asked, "theirs": "channels_limit"})
    assert filled(taken)["channels_limit"] == ["20"]
    assert filled(taken)["city"] == ["Ulm"]
    assert client_alice.post(url(nova), filled(taken)).status_code == 302
    nova.refresh_from_db()
    assert (nova.channels_limit, nova.city) == (20, "Ulm")


def test_what_others_changed_elsewhere_is_kept_and_said(client_alice, client_ben, nova):
    hers = filled(client_alice.get(url(nova)))
    save(client_ben, nova, city="Bremen")
    answer = client_alice.post(url(nova), {**hers, "postcode": "1"}, follow=True)
    assert "Kept as somebody else saved it meanwhile: City." in words(answer)
    nova.refresh_from_db()
    assert (nova.city, nova.postcode) == ("Bremen", "1")


@pytest.mark.parametrize("sealed", ["", "forged", "eyJ9:1:x"])
def test_without_knowing_what_it_was_opened_with_the_form_asks(client_alice, nova, sealed):
    answer = save(client_alice, nova, opened=sealed, channels_limit="30")
    assert answer.status_code == 409
    assert "Channels is now 10" in words(answer)


# --- Where the buttons lead


@pytest.mark.accept("F-61")
@pytest.mark.accept("F-62")
def test_each_button_saves_and_leads_where_it_says(client_alice, nova):
    assert save(client_alice, nova, city="A", save="continue").url == f"/customers/{nova.pk}/"
    assert save(client_alice, nova, city="B", save="stay").url == url(nova)
    onwards = save(client_alice, nova, city="C", tax="19", save="another").url
    nova.refresh_from_db()
    assert nova.city == "C"
    empty = filled(client_alice.get(onwards))
    assert (empty["name"], empty["city"], empty["tax"], empty["currency"]) == (
        [""],
        [""],
        ["19"],
        ["EUR"],
    )


def test_the_form_opens_in_ten_queries(client_alice, nova):
    client_alice.get(url(nova))
    for _day in range(4):
        CallWindow.objects.create(customer=nova, weekday=_day, opens=0, closes=60)
    with CaptureQueriesContext(connection) as captured:
        client_alice.get(url(nova))
    assert len(captured) <= 14, "\n".join(query["sql"] for query in captured)
