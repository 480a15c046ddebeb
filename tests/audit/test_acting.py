"""Every changed row knows who changed it and why, whichever way it was changed."""

import ast
import io
from pathlib import Path

import pytest
from django.apps import apps
from django.db import connection, transaction

from audit import acting
from setup.models import Currency
from tests import factories
from users.models import User

ROOT = Path(__file__).resolve().parents[2]
CurrencyEvent = apps.get_model("setup", "CurrencyEvent")


def history(code: str) -> list[tuple[str, str | None, str | None]]:
    """(label, email of the actor, reason) of a currency's history rows, oldest first."""
    rows = CurrencyEvent.objects.filter(code=code).order_by("pgh_id").select_related("pgh_context")
    return [
        (
            row.pgh_label,
            row.pgh_context and row.pgh_context.metadata["email"],
            row.pgh_context and row.pgh_context.metadata["reason"],
        )
        for row in rows
    ]


def raw(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def copy_in(lines: str) -> None:
    with connection.cursor() as cursor:
        cursor.cursor.copy_expert(
            "COPY setup_currency (code, name, digits, enabled) FROM STDIN", io.StringIO(lines)
        )


def fail_after_adding(code: str, *, by: User) -> None:
    with acting(by=by, reason="fails"):
        factories.make_currency(code)
        raise RuntimeError


def test_a_single_save(alice):
    with acting(by=alice, reason="new market"):
        currency = factories.make_currency("SEK")
        currency.name = "Swedish krona"
        currency.save()
        currency.delete()
    assert history("SEK") == [
        ("insert", alice.email, "new market"),
        ("update", alice.email, "new market"),
        ("delete", alice.email, "new market"),
    ]


def test_copy(alice):
    with acting(by=alice, reason="price list"):
        copy_in("SEK\tkrona\t2\tt\nNOK\tkrone\t2\tt\n")
    assert history("SEK") == history("NOK") == [("insert", alice.email, "price list")]


def test_bulk_writes(alice):
    with acting(by=alice, reason="year end"):
        Currency.objects.bulk_create([Currency(code="SEK"), Currency(code="NOK")])
        Currency.objects.filter(code__in=["SEK", "NOK"]).update(name="crown")
        Currency.objects.filter(code="NOK").delete()
    expected = [("insert", alice.email, "year end"), ("update", alice.email, "year end")]
    assert history("SEK") == expected
    assert history("NOK") == [*expected, ("delete", alice.email, "year end")]


def test_raw_sql(alice):
    factories.make_currency("SEK")
    with acting(by=alice, reason="repair"):
        raw("UPDATE setup_currency SET name = 'repaired' WHERE code = 'SEK'")
    assert history("SEK")[-1] == ("update", alice.email, "repair")


def test_the_system_acts_without_a_person(db):
    with acting(by=None, reason="nightly"):
        factories.make_currency("SEK")
    assert history("SEK") == [("insert", "", "nightly")]


def test_a_write_that_nobody_answers_for_is_seen_to_be_one(alice):
    with acting(by=alice, reason="before"):
        factories.make_currency("NOK")
    factories.make_currency("SEK")
    assert history("SEK") == [("insert", None, None)]


def test_a_row_that_does_not_really_change_leaves_no_history(alice):
    factories.make_currency("SEK")
    with acting(by=alice):
        raw("UPDATE setup_currency SET name = name")
    assert len(history("SEK")) == 1


def test_one_act_is_one_context_however_many_rows(alice):
    with acting(by=alice, reason="many"):
        copy_in("SEK\tkrona\t2\tt\nNOK\tkrone\t2\tt\n")
    assert CurrencyEvent.objects.values("pgh_context").distinct().count() == 1


def test_an_inner_act_is_its_own_and_the_outer_one_goes_on(alice, bob):
    with acting(by=alice, reason="outer"):
        factories.make_currency("AAA")
        with acting(by=bob, reason="inner"):
            factories.make_currency("BBB")
        factories.make_currency("CCC")
    assert history("AAA") == history("CCC") == [("insert", alice.email, "outer")]
    assert history("BBB") == [("insert", bob.email, "inner")]


def test_an_inner_act_that_fails_leaves_nothing_and_the_outer_one_goes_on(alice, bob):
    with acting(by=alice, reason="outer"):
        with pytest.raises(RuntimeError):
            fail_after_adding("BBB", by=bob)
        factories.make_currency("CCC")
    assert not Currency.objects.filter(code="BBB").exists()
    assert history("BBB") == []
    assert history("CCC") == [("insert", alice.email, "outer")]


@pytest.mark.django_db(transaction=True)
def test_an_act_that_fails_leaves_nothing_behind(alice):
    with pytest.raises(RuntimeError):
        fail_after_adding("SEK", by=alice)
    assert not Currency.objects.exists()
    assert history("SEK") == []
    factories.make_currency("NOK")
    assert history("NOK") == [("insert", None, None)], "the actor must not stick to the connection"


@pytest.mark.django_db(transaction=True)
def test_the_actor_ends_with_the_transaction(alice):
    with transaction.atomic():
        with acting(by=alice, reason="first"):
            factories.make_currency("SEK")
        factories.make_currency("NOK")
    factories.make_currency("DKK")
    assert history("SEK") == [("insert", alice.email, "first")]
    assert history("NOK") == history("DKK") == [("insert", None, None)]


def test_a_change_over_the_web_knows_address_and_request(client_alice, alice):
    customer = factories.make_customer()
    url = f"/customers/{customer.pk}/status/"
    answer = client_alice.post(url, {"status": "inactive", "reason": "asked"}, REMOTE_ADDR="192.0.2.44")
    event = apps.get_model("customers", "CustomerEvent").objects.filter(status="inactive").get()
    told = event.pgh_context.metadata
    assert (told["email"], told["user"], told["reason"]) == (alice.email, alice.pk, "asked")
    assert (told["ip"], told["request"]) == ("192.0.2.44", answer["X-Request-ID"])


# --- Services: nobody forgets

# Public functions of services that need no actor, each with the reason.
WITHOUT_ACTOR = {
    ("audit", "record"): "an act is append-only and names its user itself",
    ("audit", "record_failure"): "as record",
    ("customers", "belongs_to"): "reads only",
    **dict.fromkeys(
        (
            ("imports", name)
            for name in ("receive", "decide", "correct", "skip_alike", "check", "discard", "forget_expired")
        ),
        "uploads are somebody's desk, not a record: they have no history and end after seven days",
    ),
    ("imports", "run"): "the engine acts for the upload's owner, with the file as the reason",
    ("imports", "undo"): "the room whose rows they are acts for the person, with the file as the reason",
    ("billing", "open_accounts"): "accounts have no history, their ledger is one",
    ("billing", "post_calls"): "the ledger is append-only and has no history beside itself",
    ("routing", "realm_of"): "reads only",
    ("routing", "ha1"): "pure",
}


def services() -> list[tuple[str, ast.FunctionDef, dict[str, ast.FunctionDef]]]:
    """(room, public function, all functions of its module) of every services.py."""
    found = []
    for path in sorted(ROOT.glob("*/services.py")):
        functions = {
            node.name: node for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)
        }
        found += [(path.parent.name, node, functions) for name, node in functions.items() if name[0] != "_"]
    return found


def acts(
    function: ast.FunctionDef, neighbours: dict[str, ast.FunctionDef], seen: frozenset[str] = frozenset()
) -> bool:
    """Whether a function calls acting() itself or by way of another one of its module."""
    called = {
        node.func.id
        for node in ast.walk(function)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    return "acting" in called or any(
        acts(neighbours[name], neighbours, seen | {name}) for name in called - seen if name in neighbours
    )


def test_every_service_says_who_acts():
    forgotten = [
        f"{room}.services.{function.name}"
        for room, function, neighbours in services()
        if not acts(function, neighbours) and (room, function.name) not in WITHOUT_ACTOR
    ]
    assert forgotten == [], "wrap the write in audit.acting(by=…, reason=…), or say here why it needs none"
    assert ("customers", "set_status") in {(room, function.name) for room, function, _ in services()}
