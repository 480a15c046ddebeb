"""Many at once: the pulse beside bulk edits, two pulses, deliveries beside long readers."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection, transaction

from calls import partitions, pulse
from customers.models import Customer, Listing
from tests.calls.conversation import deliver, now, record, send
from tests.factories import make_customer, make_switch

pytestmark = pytest.mark.django_db(transaction=True)


class Beside:
    """Something done in a thread with a database connection of its own; its error is raised by `wait`."""

    def __init__(self, what: Callable[[], object]) -> None:
        self.error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(what,))
        self._thread.start()

    def _run(self, what: Callable[[], object]) -> None:
        try:
            what()
        except BaseException as error:
            self.error = error
        finally:
            connection.close()

    def wait(self, seconds: float) -> bool:
        """True if it is done within `seconds`."""
        self._thread.join(seconds)
        if self.error:
            raise self.error
        return not self._thread.is_alive()


def test_a_bulk_edit_and_the_pulse_never_block_each_other_for_good():
    """The tick touches the higher customer for its call and the lower for its channels; the edit both."""
    low, high = make_customer(), make_customer()
    _switch, token = make_switch()
    rounds = 15

    def edit() -> None:
        for n in range(rounds):
            with transaction.atomic():
                Customer.objects.filter(pk__in=[low.pk, high.pk]).update(channels_limit=n + 1)

    def tick() -> None:
        one = pulse.Pulse()
        for n in range(rounds):
            deliver(token, record(high))
            Listing.objects.filter(pk=low.pk).update(channels=n + 5)
            one.shown[low.pk] = (n + 5, 0, pulse._IDLE[2])
            one.tick(now())

    both = Beside(edit), Beside(tick)
    assert all(each.wait(60) for each in both)
    assert Listing.objects.get(pk=high.pk).attempts_24h == rounds


def test_a_tick_locks_all_its_rows_in_one_round_of_id_order():
    low, high = make_customer(), make_customer()
    _switch, token = make_switch()
    one = pulse.Pulse()
    one.tick(now())
    deliver(token, record(high))
    one.shown[low.pk] = (3, 0, pulse._IDLE[2])
    locks: list[str] = []

    def note(execute, sql, params, many, context):
        if "customers_listing" in sql and "NO KEY UPDATE" in sql:
            locks.append(params["ids"])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        one.tick(now())
    assert [sorted(ids) for ids in locks] == [[low.pk, high.pk]]


def test_only_one_pulse_folds_and_the_next_takes_over_when_it_is_gone():
    assert pulse._hold_lock()
    taken: list[bool] = []

    def try_again() -> None:
        was = pulse._holder
        pulse._holder = None
        try:
            taken.append(pulse._hold_lock())
        finally:
            pulse._holder = was

    Beside(try_again).wait(10)
    connection.close()
    Beside(try_again).wait(10)
    assert taken == [False, True]
    pulse._holder = None


def test_a_new_day_does_not_wait_for_somebody_who_reads_nor_make_deliveries_wait():
    customer = make_customer()
    _switch, token = make_switch()
    partitions.ensure_ahead(now().date())
    reading, done = threading.Event(), threading.Event()

    def read_for_long() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM calls_cdr")
            reading.set()
            done.wait(30)

    reader = Beside(read_for_long)
    reading.wait(10)
    new_day = Beside(lambda: deliver(token, record(customer, started_at=now() - timedelta(days=20))))
    try:
        assert new_day.wait(10)
        assert deliver(token, record(customer))["stored"] == 1
    finally:
        done.set()
        reader.wait(10)


def test_an_old_day_in_use_is_left_for_the_next_run(settings):
    settings.CDR_KEEP_DAYS = 10
    today = now().date()
    old = today - timedelta(days=11)
    partitions.drop_old(today)  # what other tests have left
    partitions.ensure([old, today])
    reading, done = threading.Event(), threading.Event()

    def read_for_long() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM calls_cdr")
            reading.set()
            done.wait(30)

    reader = Beside(read_for_long)
    reading.wait(10)
    try:
        assert partitions.drop_old(today) == []
    finally:
        done.set()
        reader.wait(10)
    assert partitions.drop_old(today) == [old]


def test_a_long_delivery_does_not_silence_its_switch():
    customer = make_customer()
    switch, token = make_switch()
    holding, done = threading.Event(), threading.Event()

    def hold_the_listing() -> None:
        """What the delivery has to wait for, in its own transaction."""
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("LOCK TABLE calls_cdr IN SHARE MODE")
            holding.set()
            done.wait(30)

    holder = Beside(hold_the_listing)
    holding.wait(10)
    slow = Beside(lambda: deliver(token, record(customer)))
    try:
        assert not slow.wait(1.5)
        snapshot = Beside(lambda: send("dialogs", token, [{"event": "snapshot", "at": "x", "calls": []}]))
        assert snapshot.wait(5)
    finally:
        done.set()
        holder.wait(10)
        slow.wait(10)
    switch.refresh_from_db()
    assert switch.heard_at is not None
