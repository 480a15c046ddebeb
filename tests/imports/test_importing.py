"""A file of customers becomes customers: all of it, or nothing and every reason."""

from __future__ import annotations

import io
import itertools
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.models import Account
from customers.models import Customer, Listing, SearchTerm, Status
from imports.checking import Checker
from imports.engine import Outcome, import_file
from imports.fields import TARGETS
from imports.numbers import guess_decimal_mark, parse_decimal
from imports.plans import Plan
from imports.problems import Wrong
from imports.reading import Record, Unreadable
from tests import factories
from users.models import User

pytestmark = pytest.mark.django_db
HEADS = "Name,Currency"


@pytest.fixture(autouse=True)
def _currencies() -> None:
    factories.make_currency("EUR")
    factories.make_currency("USD")


def send(text: str | bytes, *, by: User | None = None, **decided: Any) -> Outcome:
    plan = Plan(**decided)
    content = text.encode() if isinstance(text, str) else text
    return import_file(io.BytesIO(content), TARGETS["customers"], plan, by=by, reason="a test")


def sentences(outcome: Outcome) -> list[str]:
    return [str(problem) for problem in outcome.problems]


@pytest.mark.accept("U-11", part="by the engine and the command; the button is shown elsewhere")
@pytest.mark.accept("U-05", part="in any order; the page is shown elsewhere")
@pytest.mark.accept("U-06")
def test_every_row_becomes_a_customer_with_the_mapped_values(alice: User) -> None:
    made = send(
        "Curr.,Shoe size,Company,Max ch,Credit limit,State,Tags\n"
        'EUR,44,Aurel,60,"1.234,5",pending approval,gold; wholesale\nUSD,45,Bergtal,,,,\n',
        by=alice,
    )
    assert made.problems == []
    first, second = Customer.objects.filter(pk__in=made.ids).order_by("pk")
    assert (first.name, first.currency_id, first.channels_limit) == ("Aurel", "EUR", 60)
    assert (first.debit_limit, first.status) == (Decimal("1234.5"), Status.PENDING_APPROVAL)
    assert first.tags == ["gold", "wholesale"]
    assert (second.channels_limit, second.debit_limit, second.status) == (None, 0, Status.ACTIVE)


def test_all_that_a_single_edit_would_write_is_written(alice: User) -> None:
    made = send(f"{HEADS}\nAurel,EUR\n", by=alice)
    (key,) = made.ids
    assert Listing.objects.get(pk=key).name == "Aurel"
    assert SearchTerm.objects.filter(customer_id=key, source="customers").exists()
    assert Account.objects.get(pk=key).currency_id == "EUR"
    event = (
        apps.get_model("customers", "CustomerEvent").objects.select_related("pgh_context").get(pgh_obj_id=key)
    )
    assert event.pgh_context.metadata["email"] == "alice@example.com"
    assert event.pgh_context.metadata["reason"] == "a test"


@pytest.mark.accept("U-10")
@pytest.mark.parametrize("cell", ["1.2E+05", "5e3", "4.47E+11", "1,5E+02"])
def test_a_number_in_exponent_form_is_refused_and_nothing_is_stored(cell: str) -> None:
    for head in ("Channels", "Notes", "Postcode"):
        outcome = send(f'Name,Currency,{head}\nAurel,EUR,1\nBergtal,EUR,"{cell}"\n')
        (sentence,) = sentences(outcome)
        assert sentence.startswith(f"Row 3, {head}: “{cell}”")
        assert "Format the column as text" in sentence
    assert not Customer.objects.exists()


def test_an_exponent_in_a_column_that_nobody_mapped_does_no_harm() -> None:
    assert send(f"{HEADS},Whatever\nAurel,EUR,1.2E+05\n").problems == []


@pytest.mark.parametrize(
    ("heads", "lacks"),
    [
        pytest.param("Currency,City", "Name", marks=pytest.mark.accept("U-07")),
        pytest.param("Name,City", "Currency", marks=pytest.mark.accept("U-08")),
    ],
)
def test_a_required_field_without_a_column_is_refused_by_name(heads: str, lacks: str) -> None:
    with pytest.raises(Unreadable, match=f"map a column to {lacks}"):
        send(f"{heads}\nAurel,Berlin\n")


@pytest.mark.accept("U-09")
def test_a_row_without_name_or_currency_is_refused_with_its_number() -> None:
    outcome = send(f"{HEADS},City\n,EUR,Wien\nAurel,,\n\nBergtal,EUR,\n")
    assert sentences(outcome) == [
        "Row 2, Name: Required. Fill the cell.",
        "Row 3, Currency: Required. Fill the cell.",
    ]
    assert not Customer.objects.exists()


@pytest.mark.accept("U-13")
def test_unknown_currency_and_status_are_refused_with_their_row_and_what_is_legal() -> None:
    outcome = send("Name,Currency,Status\nAurel,Euro,Active\nBergtal,EUR,Actve\n")
    first, second = sentences(outcome)
    assert first == "Row 2, Currency: “Euro” is no currency of this account. Use EUR, USD."
    assert second.startswith("Row 3, Status: “Actve” is no status. Use Active, Inactive")


@pytest.mark.accept("U-14")
def test_names_that_exist_are_named_and_the_whole_file_waits() -> None:
    known = factories.make_customer(name="AUREL")
    outcome = send(f"{HEADS}\nAurel,EUR\nNew,EUR\nnew,EUR\n")
    assert sentences(outcome) == [
        f"Row 2, Name: “Aurel” exists already: “AUREL”, number {known.pk}. Change it or remove the row.",
        "Row 4, Name: “new” is in row 3 already. Keep one of them.",
    ]
    assert Customer.objects.count() == 1


def test_good_rows_alone_are_taken_where_somebody_wants_that() -> None:
    outcome = send(f"{HEADS}\nAurel,EUR\nBergtal,Euro\nAUREL,EUR\n", good_rows_only=True)
    assert [row.name for row in Customer.objects.filter(pk__in=outcome.ids)] == ["Aurel"]
    assert [problem.row for problem in outcome.problems] == [3, 4]


@pytest.mark.accept("U-16")
def test_texts_arrive_unchanged() -> None:
    text = '\ufeffName,Currency,Notes\r\n"Müller, ""Söhne"" \\N",EUR,"one\r\ntwo\tthree \\ {four}"\r\n'
    (key,) = send(text).ids
    row = Customer.objects.get(pk=key)
    assert row.name == 'Müller, "Söhne" \\N'
    assert row.notes == "one\r\ntwo\tthree \\ {four}"


def test_formulas_are_stored_as_they_stand_and_wrapped_zeros_are_kept() -> None:
    (key,) = send(f'{HEADS},Postcode,Notes\nAurel,EUR,"=""00123""",=1+1\n').ids
    assert Customer.objects.values_list("postcode", "notes").get(pk=key) == ("00123", "=1+1")


def test_unseen_signs_around_a_name_do_not_make_another_name() -> None:
    outcome = send(f"{HEADS}\nAurel,EUR\n\u00a0Aurel\u200b ,EUR\n")
    assert [problem.row for problem in outcome.problems] == [3]


def test_a_resellers_user_makes_own_customers_only(rita: User, reseller_b: Any) -> None:
    (key,) = send(f"{HEADS},Reseller\nAurel,EUR,{reseller_b.name}\n", by=rita).ids
    assert Customer.objects.get(pk=key).reseller_id == rita.reseller_id


def test_a_taken_name_is_not_told_to_those_who_may_not_see_its_customer(rita: User) -> None:
    factories.make_customer(name="AUREL")
    (sentence,) = sentences(send(f"{HEADS}\nAurel,EUR\n", by=rita))
    assert sentence == "Row 2, Name: “Aurel” is taken already. Change it or remove the row."


def test_an_account_managers_customers_are_the_managers_own(anna: User) -> None:
    (key,) = send(f"{HEADS}\nAurel,EUR\n", by=anna).ids
    assert Customer.objects.get(pk=key).account_manager == anna


def test_ragged_rows_twin_heads_and_heads_alone() -> None:
    assert "more cells than there are heads" in sentences(send(f"{HEADS}\nAurel,EUR,x\n"))[0]
    assert send("Name,Currency,City\nAurel,EUR\n").problems == []
    assert send("Name,Name,Currency,\nA,B,EUR,\n").mapping == {"Name": "name", "Currency": "currency"}
    with pytest.raises(Unreadable, match="no rows below"):
        send(f"{HEADS}\n")


def test_a_fixed_value_and_rows_above_the_heads() -> None:
    outcome = send("Our customers\nCompany\nAurel\n", start_row=3, fixed={"currency": "USD"})
    assert Customer.objects.get(pk=outcome.ids[0]).currency_id == "USD"


def test_the_number_of_statements_does_not_grow_with_the_file() -> None:
    def cost(rows: range) -> int:
        with CaptureQueriesContext(connection) as seen:
            assert send(f"{HEADS}\n" + "".join(f"Row {n},EUR\n" for n in rows)).problems == []
        return len(seen)

    assert cost(range(2)) == cost(range(100, 600))


def test_whatever_is_accepted_django_accepts_too() -> None:
    """The parsers are sound: of many odd cells, none passes that the model's own validation refuses."""
    odd = [
        *(
            "0",
            "-1",
            "3.5",
            "1e3",
            "100",
            "100.0001",
            "0.123456789",
            "99999999999",
            "٣",
            "¼",
            "1 000",
            "1.",
            ".",
        ),
        *("a@b", "a@b.example", "http://x.example", "DE", "de", "dé", "yes", "Active", "((1))", "-", "a;b"),
        "x" * 129,
    ]
    target = TARGETS["customers"]
    names = [field.name for field in target.fields if field.name not in ("name", "currency")]
    accepted = 0
    for name, cell in itertools.product(names, odd):
        checker = Checker(target, ["n", "c", "x"], {0: "name", 1: "currency", 2: name}, {}, ".")
        for _row, values in checker.values([Record(2, 2, ["Aurel", "EUR", cell])]):
            fields = {
                f"{key}_id" if key in ("currency", "reseller") else key: value
                for key, value in values.items()
            }
            Customer(**fields).full_clean()
            accepted += 1
    assert accepted > 100


@pytest.mark.parametrize(
    ("text", "mark", "number"),
    [
        ("1.234,56", ",", "1234.56"),
        ("€ 1 234", ".", "1234"),
        ("(12.5)", ".", "-12.5"),
        ("12,5-", ",", "-12.5"),
        ("1,234.56", "", "1234.56"),
        ("1.234.567", "", "1234567"),
        ("+7", "", "7"),
        ("\u22123.5", ".", "-3.5"),
    ],
)
def test_numbers_are_read_as_people_write_them(text: str, mark: str, number: str) -> None:
    assert parse_decimal(text, mark) == Decimal(number)


def test_a_number_that_can_mean_two_is_refused_until_somebody_says_which() -> None:
    with pytest.raises(Wrong, match="two numbers"):
        parse_decimal("1.234", "")
    assert guess_decimal_mark(["1.234", "5"]).value == ""
    assert guess_decimal_mark(["1.234", "1,5"]).value == ","
    assert guess_decimal_mark(["2.5", "1,5"]).value == ""


def test_the_command_imports_and_reports(tmp_path: Path, alice: User, capsys: Any) -> None:
    file = tmp_path / "customers.csv"
    file.write_text("Firma;Curr\nAurel;EUR\n")
    call_command("import", "customers", str(file), "--mapping", "Firma=name", "--by", alice.email)
    assert "1 rows, 1 customers made, 0 rows with problems" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        call_command("import", "customers", str(file), "--mapping", "Firma=name")
    said = capsys.readouterr()
    assert "exists already" in said.err
    assert "Nothing was written." in said.out


def test_the_command_refuses_who_may_not_and_what_is_not_there(tmp_path: Path, bob: User) -> None:
    file = tmp_path / "customers.csv"
    file.write_text("Name,Curr\nAurel,EUR\n")
    with pytest.raises(CommandError, match="may not do that"):
        call_command("import", "customers", str(file), "--by", bob.email)
    with pytest.raises(CommandError, match=r"no column “Firma”\. It has: Name, Curr"):
        call_command("import", "customers", str(file), "--mapping", "Firma=name")
    with pytest.raises(CommandError, match="No such file"):
        call_command("import", "customers", str(tmp_path / "none.csv"))
