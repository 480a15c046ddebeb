"""Many customers changed at once: asked for, shown, written by one statement, taken back."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.utils import timezone

from customers import bulk
from customers.bulk import Instruction
from customers.models import BulkChange, Customer, Status
from setup.models import Installation
from tests import factories
from tests.conftest import browser_of
from tests.factories import STAFF_HOST
from tests.pages import filled, words
from users.models import User
from users.roles import Role

pytestmark = pytest.mark.django_db
BULK = "/customers/bulk/"


@pytest.fixture
def three() -> list[Customer]:
    return [
        factories.make_customer(name="Ada", channels_limit=10, tags=["voip", "old"], country="DE"),
        factories.make_customer(name="Bea", channels_limit=None, tags=["voip"], country="FR"),
        factories.make_customer(name="Cem", channels_limit=20, tags=[], country="DE"),
    ]


def ids(customers: list[Customer]) -> str:
    return ",".join(str(one.pk) for one in customers)


def ask(browser: Client, customers: list[Customer], **more: str) -> Any:
    return browser.post(BULK, {"ids": ids(customers), **more})


def preview(browser: Client, customers: list[Customer], **typed: object) -> Any:
    return browser.post(BULK, filled(ask(browser, customers), step="preview", **typed))


def save(browser: Client, customers: list[Customer], **typed: object) -> Any:
    shown = preview(browser, customers, **typed)
    return browser.post(BULK, filled(shown, step="save"), follow=True)


def column(customers: list[Customer], name: str) -> list[Any]:
    stored = Customer.objects.in_bulk([one.pk for one in customers])
    return [getattr(stored[one.pk], name) for one in customers]


@pytest.mark.accept("U-19")
@pytest.mark.accept("U-23")
def test_the_form_offers_its_fields_and_neither_name_nor_currency(client_alice, three):
    answer = ask(client_alice, three)
    fields = filled(answer)
    for name in ("channels_limit", "status", "cps_limit", "portal_access", "country"):
        assert f"do_{name}" in fields
    assert not {"do_currency", "do_name", "currency", "name"} & fields.keys()
    saved = save(client_alice, three, do_currency="set", currency="USD", do_tax="set", tax="7")
    assert "3 customers were changed" in words(saved)
    assert column(three, "currency_id") == ["EUR"] * 3


@pytest.mark.accept("U-20")
@pytest.mark.accept("U-31")
def test_a_status_is_set_for_all_in_one_act_with_an_entry_for_each(client_alice, alice, three):
    save(client_alice, three[:2], do_status="set", status="inactive", reason="ticket 12")
    assert column(three, "status") == ["inactive", "inactive", "active"]
    events = apps.get_model("customers", "CustomerEvent").objects.filter(status="inactive")
    assert {event.pgh_obj_id for event in events} == {three[0].pk, three[1].pk}
    metadata = [event.pgh_context.metadata for event in events]
    assert {(one["reason"], one["email"], one["source"]) for one in metadata} == {
        ("ticket 12", alice.email, "bulk")
    }
    assert len({event.pgh_context_id for event in events}) == 1


@pytest.mark.accept("U-21")
@pytest.mark.accept("U-22")
def test_what_is_set_is_seen_on_each_card_and_all_else_is_kept(client_alice, three):
    typed = {"do_channels_limit": "set", "channels_limit": "33", "do_cps_limit": "set", "cps_limit": "7"}
    typed |= {"do_portal_access": "off", "do_country": "set", "country": "NL"}
    before = {one.pk: one for one in Customer.objects.all()}
    save(client_alice, three, **typed)
    changed = {"channels_limit", "cps_limit", "portal_access", "country", "version"}
    for now in Customer.objects.all():
        assert (now.channels_limit, now.cps_limit, now.portal_access, now.country) == (33, 7, False, "NL")
        for field in Customer._meta.concrete_fields:
            if field.name not in changed:
                assert getattr(now, field.attname) == getattr(before[now.pk], field.attname), field.name
        form = filled(client_alice.get(f"/customers/{now.pk}/edit/"))
        assert (form["channels_limit"], form["cps_limit"], form["country"]) == (["33"], ["7"], ["NL"])
        assert "portal_access" not in form


@pytest.mark.accept("U-24")
def test_a_preview_shows_old_and_new_and_writes_nothing(client_alice, three):
    answer = preview(client_alice, three, do_country="set", country="DE", do_tags="add", tags="vip, voip")
    text = words(answer, "id", "preview")
    assert "3 customers change" in text
    assert "Bea Country France Germany" in text
    assert "Ada Tags voip, old voip, old, vip" in text
    assert column(three, "country") == ["DE", "FR", "DE"]
    assert BulkChange.objects.count() == 0


def test_the_form_names_what_the_customers_have_now(client_alice, three):
    text = words(ask(client_alice, three))
    assert "Germany (2) , France (1)" in text
    assert "On (3)" in text


def test_who_cannot_be_changed_is_named_and_the_others_are_changed(client_alice, three):
    shown = preview(client_alice, three, do_channels_limit="add", channels_limit="-15")
    text = words(shown, "id", "preview")
    assert "2 stay as they are" in text
    assert "channels would be below zero. Ada" in text
    assert "channels is empty: there is nothing to add to. Set it first. Bea" in text
    saved = client_alice.post(BULK, filled(shown, step="save"), follow=True)
    assert "1 customer was changed. 2 could not be." in words(saved)
    assert column(three, "channels_limit") == [10, None, 5]
    assert "Ada : channels would be below zero." in words(saved)


def test_a_number_beyond_what_is_stored_is_refused(client_alice, three):
    huge = {"do_channels_limit": "add", "channels_limit": "999999999"}
    factories.make_customer(name="Big", channels_limit=2_000_000_000)
    big = [Customer.objects.get(name="Big")]
    assert "less than or equal to 2147483647" in words(preview(client_alice, big, **huge))


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({}, "Nothing is to be changed"),
        ({"do_tax": "set", "tax": "101"}, "less than or equal to 100"),
        ({"do_tax": "set", "tax": ""}, "Say the value, or keep what is there."),
        ({"do_tax": "set", "tax": "1.2E+05"}, "1.2E+05"),
        ({"do_channels_limit": "set", "channels_limit": "-1"}, "greater than or equal to 0"),
        ({"do_channels_limit": "add", "channels_limit": "ten"}, "whole number"),
        ({"do_status": "set", "status": "dialing"}, "dialing"),
        ({"do_status": "add", "status": "active"}, "add"),
        ({"do_country": "set", "country": "XX"}, "XX"),
        ({"do_reseller": "set", "reseller": "999"}, "valid choice"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_and_nothing_is_written(client_alice, three, typed, said):
    answer = preview(client_alice, three, **typed)
    assert answer.status_code == 422
    assert said in words(answer)
    assert 'id="preview"' not in answer.content.decode()


def test_what_stands_beside_keep_is_no_matter(client_alice, three):
    typed = {"do_country": "clear", "channels_limit": "nonsense", "tax": "-4"}
    saved = save(client_alice, three, **typed)
    assert "3 customers were changed" in words(saved)
    assert column(three, "country") == ["", "", ""]


def test_only_what_was_shown_is_written(client_alice, three):
    shown = preview(client_alice, three, do_country="set", country="NL")
    Customer.objects.filter(pk=three[0].pk).update(country="PL")
    answer = client_alice.post(BULK, filled(shown, step="save"))
    assert "so nothing was written. Look again." in words(answer)
    assert column(three, "country") == ["PL", "FR", "DE"]
    other = client_alice.post(BULK, filled(shown, step="save", country="SE"))
    assert "so nothing was written" in words(other)
    assert "3 customers were changed" in words(
        client_alice.post(BULK, filled(answer, step="save"), follow=True)
    )


def test_what_changes_between_the_last_look_and_the_lock_is_not_written(alice, three):
    asked = [Instruction("channels_limit", "add", 5)]
    key = [one.pk for one in three]
    seen = bulk.plan(key, asked, by=alice).seal
    Customer.objects.filter(pk=three[0].pk).update(channels_limit=11)
    with pytest.raises(bulk.Differs) as refused:
        bulk.change_many(key, asked, by=alice, seen=seen)
    assert column(three, "channels_limit") == [11, None, 20]
    assert not BulkChange.objects.exists()
    made = bulk.change_many(key, asked, by=alice, seen=refused.value.plan.seal)
    assert (made.changed, column(three, "channels_limit")) == (2, [16, None, 25])


def test_a_penalty_begins_and_ends_as_for_one(three, alice):
    until = timezone.now() + timedelta(days=1)
    Customer.objects.filter(pk=three[1].pk).update(status=Status.PENALTY, penalty_until=until)
    key = [one.pk for one in three]
    bulk.change_many(key, [Instruction("status", "set", "penalty")], by=alice)
    assert column(three, "status") == ["penalty"] * 3
    assert column(three, "status_after_penalty") == ["active"] * 3
    assert column(three, "penalty_until") == [None, until, None]
    bulk.change_many(key, [Instruction("status", "set", "inactive")], by=alice)
    assert column(three, "penalty_until") == [None] * 3


@pytest.mark.parametrize(
    ("instruction", "found"),
    [
        (Instruction("tags", "remove", ["voip"]), [["old"], [], []]),
        (Instruction("tags", "add", ["new"]), [["voip", "old", "new"], ["voip", "new"], ["new"]]),
        (Instruction("tags", "set", ["x"]), [["x"]] * 3),
        (Instruction("tags", "clear"), [[], [], []]),
        (Instruction("channels_limit", "clear"), [None] * 3),
        (Instruction("debit_limit", "add", Decimal("-0.5")), [Decimal("-0.5")] * 3),
    ],
)  # fmt: skip
def test_each_way_to_change_a_field_and_its_way_back(three, alice, instruction, found):
    before = column(three, instruction.name)
    made = bulk.change_many([one.pk for one in three], [instruction], by=alice)
    assert column(three, instruction.name) == found
    bulk.undo(made.pk, by=alice)
    assert column(three, instruction.name) == before


def test_undo_leaves_what_was_changed_since_and_says_so(client_alice, alice, three):
    saved = save(client_alice, three, do_country="set", country="NL", do_cps_limit="set", cps_limit="4")
    made = BulkChange.objects.get()
    Customer.objects.filter(pk=three[1].pk).update(cps_limit=9)
    assert f"/customers/bulk/{made.pk}/undo/" in saved.content.decode()
    answer = client_alice.post(f"/customers/bulk/{made.pk}/undo/", follow=True)
    assert "2 customers are as they were." in words(answer)
    assert "Bea : Changed since: flow speed (CPS)." in words(answer)
    assert column(three, "country") == ["DE", "NL", "DE"]
    assert column(three, "cps_limit")[1] == 9
    assert f"/customers/bulk/{made.pk}/undo/" not in answer.content.decode()
    events = apps.get_model("customers", "CustomerEvent").objects.filter(pgh_obj_id=three[0].pk)
    assert events.latest("pgh_id").pgh_context.metadata["reason"] == f"Undo of bulk change #{made.pk}"
    client_alice.post(f"/customers/bulk/{made.pk}/undo/")
    assert column(three, "country") == ["DE", "NL", "DE"]


def test_after_thirty_days_there_is_no_undo(client_alice, three):
    save(client_alice, three, do_country="set", country="NL")
    made = BulkChange.objects.get()
    BulkChange.objects.update(made_at=timezone.now() - timedelta(days=31))
    answer = client_alice.post(f"/customers/bulk/{made.pk}/undo/", follow=True)
    assert "more than 30 days ago" in words(answer)
    assert column(three, "country") == ["NL"] * 3


def test_all_that_match_but_some(client_alice, three):
    asked = {"matching": "f.country=in:DE", "but": str(three[2].pk), "told": "4"}
    answer = client_alice.post(BULK, asked)
    assert filled(answer)["ids"] == [str(three[0].pk)]
    assert "3 of 4 are not there any more, or no longer match." in words(answer)


def test_filters_that_mean_nothing_are_refused_not_ignored(client_alice, three):
    answer = client_alice.post(BULK, {"matching": "f.nonsense=in:DE"}, follow=True)
    assert "The filters are not understood any more." in words(answer)


def test_more_than_a_transaction_takes_is_refused(client_alice, three, monkeypatch):
    monkeypatch.setattr("grids.selection.MOST_TICKED", 2)
    assert "More than 2 rows are ticked." in words(client_alice.post(BULK, {"ids": ids(three)}, follow=True))
    answer = client_alice.post(BULK, {"matching": ""}, follow=True)
    assert "More than 2 rows are ticked." in words(answer)


def test_rows_are_written_by_one_statement_however_many(alice, django_assert_max_num_queries):
    made = [factories.make_customer(name=f"C{number:03}") for number in range(60)]
    with django_assert_max_num_queries(12):
        bulk.change_many([one.pk for one in made], [Instruction("cps_limit", "set", 3)], by=alice)
    assert Customer.objects.filter(cps_limit=3).count() == 60


def test_a_reseller_s_user_changes_own_customers_only_and_sees_own_changes_only(
    client_rita: Client, client_alice: Client, reseller_a: Any, three: list[Customer]
):
    own = factories.make_customer(name="Own", reseller=reseller_a, country="DE")
    browser = browser_of(factories.make_staff(role=Role.ADMINISTRATOR, reseller=reseller_a), STAFF_HOST)
    answer = preview(browser, [own, *three], do_country="set", country="NL")
    assert "1 customer changes" in words(answer)
    assert "do_reseller" not in filled(answer)
    assert "Ada" not in words(answer, "id", "preview")
    browser.post(BULK, filled(answer, step="save"))
    assert column([own, *three], "country") == ["NL", "DE", "FR", "DE"]
    everything = browser.post(BULK, {"matching": ""})
    assert filled(everything)["ids"] == [str(own.pk)]

    save(client_alice, three, do_country="set", country="SE")
    others = BulkChange.objects.get(made_by__reseller=None)
    assert browser.get(f"/customers/bulk/{others.pk}/").status_code == 404
    assert browser.post(f"/customers/bulk/{others.pk}/undo/").status_code == 404
    assert "Set to Sweden" not in words(browser.get(BULK))
    assert "Set to Sweden" in words(client_alice.get(BULK))


def test_who_may_not_change_customers_has_no_door_and_no_button(client, three):
    client.force_login(factories.make_staff(role=Role.READ_ONLY))
    assert f'action="{BULK}"' not in client.get("/customers/?s=name").content.decode()
    assert ask(client, three).status_code == client.get(BULK).status_code == 403


def test_amounts_are_seen_by_who_sees_money_only(client, client_alice, three):
    save(client_alice, three, do_debit_limit="set", debit_limit="4711")
    made = BulkChange.objects.get()
    assert "4711" in words(client_alice.get(BULK))
    client.force_login(factories.make_staff(role=Role.OPERATIONS))
    assert "do_debit_limit" not in filled(ask(client, three))
    assert "4711" not in words(client.get(BULK))
    assert client.get(f"/customers/bulk/{made.pk}/").status_code == 404
    assert client.post(f"/customers/bulk/{made.pk}/undo/").status_code == 404


def test_a_reason_is_asked_for_where_the_installation_wants_one(client_alice, three):
    Installation.objects.update_or_create(pk=1, defaults={"audit_comment": True})
    answer = preview(client_alice, three, do_country="set", country="NL")
    assert answer.status_code == 422
    assert "3 customers were changed" in words(
        save(client_alice, three, do_country="set", country="NL", reason="ticket 3")
    )


def test_who_may_no_longer_sign_in_changes_nothing(three):
    user: User = factories.make_staff(role=Role.ADMINISTRATOR)
    assert bulk.plan([three[0].pk], [Instruction("cps_limit", "set", 1)], by=user).changes
    user.is_active = False
    assert not bulk.plan([three[0].pk], [Instruction("cps_limit", "set", 1)], by=user).changes
