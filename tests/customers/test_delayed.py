"""Delay and Save: stored as a wish, carried out at its time, exactly once."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from customers import scheduling
from customers.models import Customer, ScheduledChange
from customers.tasks import run_delayed
from tests import factories
from tests.pages import filled, words
from tests.workers import celery_worker, until
from users.models import User
from users.roles import Role

pytestmark = pytest.mark.django_db
LOG = "/customers/delayed/"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def nova() -> Customer:
    return factories.make_customer(name="Nova", debit_limit=25, country="DE")


def delay(browser: Client, customer: Customer, **typed: object) -> Any:
    url = f"/customers/{customer.pk}/edit/"
    return browser.post(url, filled(browser.get(url), save="delay", **typed), follow=True)


def later() -> datetime:
    return timezone.now() + timedelta(hours=2)


@pytest.mark.accept("F-63")
@pytest.mark.accept("F-64")
def test_nothing_is_stored_now_and_the_change_comes_at_its_time(client_alice, alice, nova):
    answer = delay(client_alice, nova, debit_limit="0", delay_for="1 min", reason="trial is over")
    assert "Nothing is changed yet." in words(answer)
    nova.refresh_from_db()
    assert (nova.debit_limit, nova.version) == (25, 1)
    change = ScheduledChange.objects.get()
    assert change.fields == {"debit_limit": "0"}
    assert scheduling.run_due(change.run_at - timedelta(seconds=1)) == 0
    assert scheduling.run_due(change.run_at) == 1
    nova.refresh_from_db()
    assert nova.debit_limit == 0
    assert scheduling.run_due(later()) == 0
    event = apps.get_model("customers", "CustomerEvent").objects.latest("pgh_id")
    said = event.pgh_context.metadata
    assert (said["email"], said["reason"], said["source"]) == (alice.email, "trial is over", "schedule")


@pytest.mark.accept("F-65")
def test_what_waits_stands_in_the_log_and_on_the_form_and_can_be_cancelled(client_alice, nova):
    delay(client_alice, nova, country="NL", delay_for="1 day")
    change = ScheduledChange.objects.get()
    assert "Nova" in words(client_alice.get(LOG), "id", "waiting")
    assert "country: DE NL" in words(client_alice.get(LOG), "id", "waiting")
    assert "country: DE → NL" in words(client_alice.get(f"/customers/{nova.pk}/edit/"), "id", "waiting")
    answer = client_alice.post(f"{LOG}{change.pk}/cancel/", follow=True)
    assert "Nothing waits." in words(answer)
    assert "Cancelled" in words(answer, "id", "ended")
    assert scheduling.run_due(later() + timedelta(days=2)) == 0
    nova.refresh_from_db()
    assert nova.country == "DE"
    assert "It had ended already." in words(client_alice.post(f"{LOG}{change.pk}/run/", follow=True))


def test_run_now_carries_it_out(client_alice, nova):
    delay(client_alice, nova, country="NL", tags="a, b", delay_for="1 day")
    change = ScheduledChange.objects.get()
    assert "The change is carried out." in words(client_alice.post(f"{LOG}{change.pk}/run/", follow=True))
    nova.refresh_from_db()
    assert (nova.country, nova.tags) == ("NL", ["a", "b"])


def test_what_was_changed_meanwhile_is_overwritten_and_noted(alice, nova):
    change = scheduling.delay(nova.pk, {"debit_limit": Decimal(0), "country": "DE"}, later(), by=alice)
    assert list(change.fields) == ["debit_limit"]
    Customer.objects.filter(pk=nova.pk).update(debit_limit=70)
    done = scheduling.run(change.pk)
    assert done is not None
    assert (done.state, done.note) == ("done", "Changed by somebody meanwhile, and overwritten: debit limit.")
    nova.refresh_from_db()
    assert nova.debit_limit == 0


def test_the_same_value_set_by_hand_meanwhile_is_no_conflict(alice, nova):
    change = scheduling.delay(nova.pk, {"debit_limit": Decimal(0)}, later(), by=alice)
    Customer.objects.filter(pk=nova.pk).update(debit_limit=0)
    done = scheduling.run(change.pk)
    assert done is not None
    assert (done.state, done.note) == ("done", "")


def break_right(user: User, customer: Customer) -> None:
    user.groups.clear()


def break_sign_in(user: User, customer: Customer) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


def break_customer(user: User, customer: Customer) -> None:
    Customer.objects.filter(pk=customer.pk).update(deleted_at=timezone.now())


def take_name(user: User, customer: Customer) -> None:
    factories.make_customer(name="Supernova")


@pytest.mark.parametrize(
    ("breaks", "said"),
    [
        (break_right, "may not change customers any more"),
        (break_sign_in, "may not change customers any more"),
        (break_customer, "The customer is deleted"),
        (take_name, "already exists"),
    ],
)
def test_what_is_not_possible_any_more_is_refused_with_the_reason(nova, breaks, said):
    user = factories.make_staff(role=Role.ADMINISTRATOR)
    change = scheduling.delay(nova.pk, {"name": "Supernova"}, later(), by=user)
    breaks(user, nova)
    assert scheduling.run_due(later() + timedelta(hours=1)) == 1
    change.refresh_from_db()
    assert change.state == "refused"
    assert said in change.note
    nova.refresh_from_db()
    assert nova.name == "Nova"


def test_a_row_that_is_gone_by_then_is_refused(alice, nova, reseller_b):
    change = scheduling.delay(nova.pk, {"reseller": reseller_b}, later(), by=alice)
    reseller_b.delete()
    done = scheduling.run(change.pk)
    assert done is not None
    assert (done.state, done.note) == ("refused", "reseller: what was chosen is not there any more.")


def test_one_that_fails_in_an_unknown_way_waits_and_holds_no_other_up(alice, nova, monkeypatch, caplog):
    first = scheduling.delay(nova.pk, {"country": "NL"}, later(), by=alice)
    second = scheduling.delay(nova.pk, {"city": "Ghent"}, later() + timedelta(minutes=1), by=alice)
    store = scheduling.change_customer

    def breaks(pk: int, fields: dict[str, Any], **more: Any) -> object:
        if "country" in fields:
            raise RuntimeError("no such thing was thought of")
        return store(pk, fields, **more)

    monkeypatch.setattr(scheduling, "change_customer", breaks)
    assert scheduling.run_due(later() + timedelta(hours=1)) == 1
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == ("waiting", "done")
    assert f"Delayed change {first.pk} failed" in caplog.text
    monkeypatch.undo()
    assert scheduling.run_due(later() + timedelta(hours=1)) == 1
    nova.refresh_from_db()
    assert (nova.country, nova.city) == ("NL", "Ghent")


def test_a_penalty_that_is_over_is_no_change_of_the_status(client_alice, nova):
    over = timezone.now() - timedelta(hours=1)
    Customer.objects.filter(pk=nova.pk).update(status="penalty", penalty_until=over)
    delay(client_alice, nova, country="NL", delay_for="1 h")
    assert list(ScheduledChange.objects.get().fields) == ["country"]


def test_the_log_costs_the_same_for_many(client_alice, alice, nova, reseller_a, reseller_b):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            client_alice.get(LOG)
        return len(captured)

    scheduling.delay(nova.pk, {"reseller": reseller_a}, later(), by=alice)
    one = queries()
    for reseller in (reseller_a, reseller_b) * 4:
        scheduling.delay(nova.pk, {"reseller": reseller}, later(), by=alice)
    assert queries() == one


@pytest.mark.parametrize(
    ("span", "at"),
    [
        ("1 h", NOW + timedelta(hours=1)),
        ("90min", NOW + timedelta(minutes=90)),
        ("2 days", NOW + timedelta(days=2)),
        (" 1 Minute ", NOW + timedelta(minutes=1)),
    ],
)
def test_spans(span, at):
    assert scheduling.read_time(span, "", BERLIN, NOW) == at


def test_a_time_is_of_the_zone_of_who_asks():
    assert scheduling.read_time("", "2026-03-02T08:00", BERLIN, NOW) == datetime(2026, 3, 2, 7, tzinfo=UTC)
    assert scheduling.read_time("", "2026-07-02T08:00", BERLIN, NOW) == datetime(2026, 7, 2, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("span", "moment", "said"),
    [
        ("", "", "Say when"),
        ("1 h", "2026-03-02T08:00", "not both"),
        ("soon", "", "“soon” is no span"),
        ("-1 h", "", "is no span"),
        ("1e3 h", "", "is no span"),
        ("٣ h", "", "is no span"),
        ("0 min", "", "must lie ahead"),
        ("99999 d", "", "within a year"),
        ("", "2026-02-28T08:00", "must lie ahead"),
        ("", "2026-03-29T02:30", "does not exist in Europe/Berlin"),
        ("", "yesterday", "is no date and time"),
        ("", "2026-03-02T08:00+01:00", "is no date and time"),
        ("", "9999-12-31T23:59", "within a year"),
        ("", "0001-01-01T00:00", "is no date and time"),
    ],
)
def test_times_that_mean_nothing_are_refused(span, moment, said):
    with pytest.raises(ValidationError, match=said):
        scheduling.read_time(span, moment, BERLIN, NOW)


def test_a_form_with_nothing_new_or_a_wrong_field_delays_nothing(client_alice, nova):
    assert "there is nothing to delay" in words(delay(client_alice, nova, delay_for="1 h"))
    assert delay(client_alice, nova, delay_for="1 h", tax="101").status_code == 422
    answer = delay(client_alice, nova, delay_for="never", country="NL")
    assert "“never” is no span of time." in words(answer)
    assert filled(answer)["country"] == ["NL"]
    assert "Hours cannot be delayed." in words(
        delay(client_alice, nova, delay_for="1 h", day_0="09:00-10:00")
    )
    assert not ScheduledChange.objects.exists()


def test_others_neither_see_nor_touch_it(client, client_rita, client_alice, nova):
    delay(client_alice, nova, debit_limit="4711", delay_for="1 h")
    change = ScheduledChange.objects.get()
    assert "Nova" not in words(client_rita.get(LOG))
    assert client_rita.post(f"{LOG}{change.pk}/run/").status_code == 404
    assert client_rita.post(f"{LOG}{change.pk}/cancel/").status_code == 404
    client.force_login(factories.make_staff(role=Role.OPERATIONS))  # sees no money
    assert "4711" not in words(client.get(LOG)) + words(client.get(f"/customers/{nova.pk}/edit/"))
    assert client.post(f"{LOG}{change.pk}/run/").status_code == 404
    client.force_login(factories.make_staff(role=Role.READ_ONLY))
    assert client.get(LOG).status_code == client.post(f"{LOG}{change.pk}/cancel/").status_code == 403
    change.refresh_from_db()
    assert change.state == "waiting"


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_carry_it_out_once(nova):
    user = factories.make_staff(role=Role.ADMINISTRATOR)
    for number in range(10):
        scheduling.delay(nova.pk, {"notes": f"note {number}"}, later(), by=user)
    done: list[int] = []

    def work() -> None:
        done.append(scheduling.run_due(later() + timedelta(hours=1)))
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sum(done) == 10
    nova.refresh_from_db()
    assert nova.version == 11


@pytest.mark.accept("F-65")
@pytest.mark.django_db(transaction=True)
def test_what_waits_survives_a_restart_of_the_worker(nova):
    user = factories.make_staff(role=Role.ADMINISTRATOR)
    change = scheduling.delay(nova.pk, {"country": "NL"}, later(), by=user)
    with celery_worker() as first:
        first.kill()
    change.refresh_from_db()
    assert change.state == "waiting"
    ScheduledChange.objects.update(run_at=timezone.now())
    with celery_worker():
        run_delayed.delay()
        until(lambda: ScheduledChange.objects.get().state == "done", "the worker did not carry it out")
    nova.refresh_from_db()
    assert nova.country == "NL"
