"""Live calls: whatever order, however often and by however many processes the words of a switch arrive."""

import json
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calls import dialogs, wire
from calls.models import Dialog, Switch
from calls.pulse import Pulse
from customers.models import Customer, Listing
from tests.calls.conversation import now, send
from tests.factories import make_customer, make_switch

CALL = {"customer_id": 1, "callid": "a"}
CALLED_AT = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


def tell(switch: Switch, *events: dict[str, Any]) -> None:
    receipt = dialogs.receive(switch, json.dumps(events).encode())
    assert not receipt.refused, receipt.refused


def event(kind: str, customer: Customer, callid: str, at: datetime, **facts: Any) -> dict[str, Any]:
    return {"event": kind, "customer_id": customer.pk, "callid": callid, "at": at.isoformat(), **facts}


def full_list(at: datetime, *calls: dict[str, Any]) -> dict[str, Any]:
    return {"event": "snapshot", "complete": True, "at": at.isoformat(), "calls": list(calls)}


def named(customer: Customer, callid: str, state: str = "connected", **facts: Any) -> dict[str, Any]:
    return {"customer_id": customer.pk, "callid": callid, "state": state, **facts}


def up(at: datetime | None = None) -> set[str]:
    """Names of the calls that are up."""
    return set(Dialog.objects.live(at or timezone.now()).values_list("callid", flat=True))


@pytest.fixture
def customer(db: None) -> Customer:
    return make_customer()


@pytest.fixture
def switch(db: None) -> Switch:
    return make_switch()[0]


# --- The order of arrival says nothing


def course(draw: Any, customer: Customer, callid: str) -> list[dict[str, Any]]:
    """Some of what a switch says of one call, each word with facts of its own."""
    words = []
    for step, kind in enumerate(("start", "ringing", "answered", "ended")):
        if draw(st.booleans()):
            at = CALLED_AT + timedelta(seconds=10 * step + draw(st.integers(0, 9)))
            facts = draw(
                st.fixed_dictionaries(
                    {},
                    optional={
                        "cli": st.sampled_from(["441", "442"]),
                        "carrier_id": st.integers(1, 3),
                        "codec": st.sampled_from(["PCMA", "G729"]),
                    },
                )
            )
            words.append(event(kind, customer, callid, at, **facts))
    return words


@st.composite
def conversations(draw: Any, customer: Customer) -> tuple[list[Any], list[list[Any]]]:
    """What was said, in order; and the same in another order, partly twice, cut into deliveries."""
    words = [word for callid in ("a", "b", "c") for word in course(draw, customer, callid)]
    for second in draw(st.lists(st.integers(0, 45), max_size=2)):
        who = draw(st.lists(st.sampled_from("abcd"), max_size=3, unique=True))
        calls = [named(customer, callid) for callid in who]
        words.append(full_list(CALLED_AT + timedelta(seconds=second), *calls))
    repeated = [*words, *draw(st.lists(st.sampled_from(words), max_size=4) if words else st.just([]))]
    shuffled = draw(st.permutations(repeated))
    cuts = sorted(draw(st.lists(st.integers(0, len(shuffled)), max_size=3)))
    parts = [shuffled[a:b] for a, b in zip([0, *cuts], [*cuts, len(shuffled)], strict=True)]
    return words, [part for part in parts if part]


def state_after(switch: Switch, deliveries: list[list[Any]]) -> tuple[list[Any], set[str]]:
    Dialog.objects.all().delete()
    Switch.objects.update(listed_at=None, listed_heard_at=None)
    for words in deliveries:
        tell(switch, *words)
    columns = [field.attname for field in Dialog._meta.concrete_fields if field.name != "seen_at"]
    return list(Dialog.objects.order_by("callid").values_list(*columns)), up()


@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_late_shuffled_split_and_repeated_events_end_in_the_same_state(data, customer, switch):
    words, deliveries = data.draw(conversations(customer))
    assert state_after(switch, deliveries) == state_after(switch, [words] if words else [])


def test_a_call_that_is_known_to_have_ended_before_it_is_known_to_have_started(customer, switch):
    tell(switch, event("ended", customer, "a", CALLED_AT + timedelta(seconds=9)))
    tell(switch, event("start", customer, "a", CALLED_AT, cli="44207"))
    call = Dialog.objects.get()
    assert (call.state, call.started_at, call.cli) == ("ended", CALLED_AT, "44207")
    assert up() == set()


def test_the_newest_word_of_the_carrier_stands_although_it_arrived_first(customer, switch):
    """A call fails over from carrier 1 to carrier 2, and the first word of it comes late."""
    tell(switch, event("ringing", customer, "a", CALLED_AT + timedelta(seconds=4), carrier_id=2))
    tell(switch, event("start", customer, "a", CALLED_AT, carrier_id=1, cli="44207"))
    call = Dialog.objects.get()
    assert (call.carrier_id, call.cli, call.state) == (2, "44207", "ringing")


@pytest.mark.django_db(transaction=True)
def test_two_web_processes_take_the_same_calls_in_opposite_orders_without_blocking_each_other():
    customer = make_customer()
    _switch, token = make_switch()
    calls = [f"call {n}" for n in range(300)]
    failed: list[Any] = []

    def say(names: list[str]) -> None:
        try:
            for _round in range(4):
                words = [
                    event(kind, customer, name, now()) for name in names for kind in ("start", "ringing")
                ]
                answer = send("dialogs", token, [*words, full_list(now(), *[named(customer, names[0])])])
                assert answer.status_code == 200, answer.content
        except BaseException as error:
            failed.append(error)
        finally:
            connection.close()

    both = [threading.Thread(target=say, args=(names,)) for names in (calls, calls[::-1])]
    for one in both:
        one.start()
    for one in both:
        one.join(60)
    assert failed == []
    assert Dialog.objects.count() == len(calls)


# --- Lists of calls


def test_a_call_that_a_full_list_does_not_name_is_over_at_once(customer, switch):
    tell(switch, event("start", customer, "a", now()), event("start", customer, "b", now()))
    tell(switch, full_list(now(), named(customer, "b")))
    assert up() == {"b"}
    Pulse().tick(now())
    assert Listing.objects.get(pk=customer.pk).channels == 1


def test_a_list_that_is_not_full_ends_nothing(customer, switch):
    tell(switch, event("start", customer, "a", now()))
    tell(switch, {"event": "snapshot", "at": now().isoformat(), "calls": [named(customer, "b")]})
    assert up() == {"a", "b"}


def test_an_empty_full_list_ends_all_calls_of_its_switch_and_no_others(customer, switch):
    other, _token = make_switch()
    tell(switch, event("start", customer, "a", now()))
    tell(other, event("start", customer, "a", now()))
    tell(switch, full_list(now()))
    assert [call.switch_id for call in Dialog.objects.live(now())] == [other.pk]


def test_a_full_list_taken_before_a_call_started_does_not_end_it_although_it_arrives_later(customer, switch):
    taken = now()
    tell(switch, event("start", customer, "new", taken + timedelta(milliseconds=40)))
    tell(switch, full_list(taken))
    assert up() == {"new"}


def test_a_list_taken_before_a_call_ended_does_not_raise_it_again(customer, switch):
    taken = now()
    tell(switch, event("start", customer, "a", taken - timedelta(seconds=30)))
    tell(switch, event("ended", customer, "a", taken + timedelta(milliseconds=40)))
    tell(switch, full_list(taken, named(customer, "a")))
    assert up() == set()


def test_an_older_full_list_that_comes_late_does_not_end_what_a_newer_one_named(customer, switch):
    tell(switch, full_list(now(), named(customer, "a")))
    tell(switch, full_list(now() - timedelta(seconds=5), named(customer, "gone")))
    assert up() == {"a"}


def test_a_call_left_out_by_mistake_is_back_with_the_next_list(customer, switch):
    tell(switch, full_list(now(), named(customer, "a")))
    tell(switch, full_list(now()))
    assert up() == set()
    tell(switch, full_list(now(), named(customer, "a")))
    assert up() == {"a"}


def test_a_full_list_may_come_in_parts_of_one_time_the_last_of_them_closing_it(customer, switch):
    tell(switch, event("start", customer, "over", now()))
    at = now()
    part = {"event": "snapshot", "at": at.isoformat(), "calls": [named(customer, "a")]}
    tell(switch, part)
    tell(switch, full_list(at, named(customer, "b")))
    assert up() == {"a", "b"}


def test_a_full_list_with_a_call_that_cannot_be_read_ends_nothing(customer, switch):
    tell(switch, event("start", customer, "a", now()))
    receipt = dialogs.receive(switch, json.dumps([full_list(now(), {"callid": "a"})]).encode())
    assert [refusal.field for refusal in receipt.refused] == ["calls[0].customer_id"]
    assert up() == {"a"}


def test_a_switch_whose_clock_is_set_back_is_believed_again_after_its_keep_alive(customer, switch):
    tell(switch, full_list(now() + timedelta(hours=1), named(customer, "old")))
    quiet = now() - timedelta(seconds=switch.keepalive_s + 1)
    Switch.objects.update(listed_heard_at=quiet)
    Dialog.objects.update(seen_at=quiet)
    tell(switch, full_list(now(), named(customer, "a")))
    assert up() == {"a"}


def test_calls_of_a_switch_that_can_only_list_are_up_with_the_list_alone(customer, switch):
    started = now() - timedelta(minutes=4)
    call = named(customer, "a", started_at=started.isoformat(), cli="44207", destination="4930")
    tell(switch, full_list(now(), call))
    tell(switch, full_list(now(), call))
    known = Dialog.objects.get()
    assert (known.started_at, known.cli, known.destination, known.state) == (
        started, "44207", "4930", "connected",
    )  # fmt: skip


def test_calls_of_which_nobody_said_when_they_started_are_no_burst_of_new_ones(customer, switch):
    """After a switch was away, its first list names a hundred calls that began at any time."""
    second = (now() - timedelta(seconds=30)).replace(microsecond=0)
    tell(switch, full_list(second, *[named(customer, f"c{n}") for n in range(100)]))
    Pulse().tick(second + timedelta(seconds=2))
    assert Listing.objects.get(pk=customer.pk).cps == 0


# --- What nobody names any more


def test_an_ended_call_that_is_named_on_and_on_stays_ended(customer, switch):
    """Kamailio lists calls it is tearing down for a while."""
    tell(switch, event("ended", customer, "a", now()))
    for minutes in range(1, 6):
        at = now() + timedelta(minutes=minutes)
        Dialog.objects.update(seen_at=at - timedelta(seconds=1))  # named a moment ago
        dialogs.forget_old(at)
        tell(switch, full_list(at, named(customer, "a")))
        assert up(at) == set()
    dialogs.forget_old(now() + timedelta(minutes=20))
    assert not Dialog.objects.exists()


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"event": "snapshot", "calls": []}, None),
        ({"event": "snapshot"}, "calls"),
        ({"event": "snapshot", "at": "noon", "calls": []}, "at"),
        ({"event": "snapshot", "complete": "yes", "calls": []}, "complete"),
        ({"event": "snapshot", "calls": [7]}, "calls[0]"),
        ({"event": "snapshot", "calls": [{**CALL, "state": "ended"}]}, "calls[0].state"),
        ({"event": "hello"}, "event"),
        ({"event": ["start"]}, "event"),
        ({"event": "start", **CALL}, "at"),
        ({"event": "start", "customer_id": 10**30, "callid": "a"}, "customer_id"),
    ],
)  # fmt: skip
def test_what_cannot_be_understood_is_named_with_its_field(words, field, switch):
    receipt = dialogs.receive(switch, json.dumps([words]).encode())
    assert [refusal.field for refusal in receipt.refused] == ([field] if field else [])


def test_many_lists_in_one_body_are_no_way_around_the_most_calls(customer, switch, monkeypatch):
    monkeypatch.setattr(wire, "MOST_RECORDS", 3)
    lists = [{"event": "snapshot", "calls": [{}, {}]}, {"event": "snapshot", "calls": [{}, {}]}]
    with pytest.raises(wire.TooMany, match="4 records"):
        dialogs.receive(switch, json.dumps(lists).encode())
    assert len(dialogs.receive(switch, json.dumps(lists[:1]).encode()).refused) == 2


@pytest.mark.parametrize("year", ["0001", "9999"])
def test_a_start_that_no_zone_can_show_is_refused_and_the_page_of_live_calls_stands(
    customer, switch, year, client_alice, alice
):
    start = event("start", customer, "a", now(), started_at=f"{year}-01-01T00:00:00Z")
    good = event("start", customer, "b", now())
    refused = dialogs.receive(switch, json.dumps([start, good]).encode()).refused
    assert [(one.index, one.field) for one in refused] == [(0, "started_at")]
    for zone in ("America/New_York", "Asia/Tokyo"):
        type(alice).objects.filter(pk=alice.pk).update(time_zone=zone)
        assert client_alice.get("/calls/live/?s=-start").status_code == 200


def test_a_list_of_more_calls_than_are_taken_at_once_is_refused_by_number(customer, switch, monkeypatch):
    monkeypatch.setattr("calls.wire.MOST_RECORDS", 3)
    body = json.dumps([full_list(now(), *[named(customer, f"c{n}") for n in range(4)])]).encode()
    [refusal] = dialogs.receive(switch, body).refused
    assert "4 calls; at most 3" in refusal.reason
    assert not Dialog.objects.exists()
