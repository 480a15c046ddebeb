"""Files of a grid: what is on screen in its order, groups and pivots in their shape, and no formula."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from audit.models import Act, ActKind
from customers.models import Status
from grids.export import files
from grids.export.formulas import _BEGINS, defused
from tests import factories


def taken(browser: Client, query: str, kind: str = "csv", url: str = "/customers/") -> Any:
    answer: Any = browser.get(f"{url}export/?{query}&format={kind}")
    assert answer.status_code == 200, answer
    return answer


def read(browser: Client, query: str, url: str = "/customers/") -> list[list[str]]:
    content = b"".join(taken(browser, query, url=url).streaming_content)
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


@pytest.fixture
def three(db: None) -> None:
    for name, code, balance, status in (
        ("Nova", "EUR", "12.5", Status.ACTIVE),
        ("Vega", "USD", "-3", Status.ACTIVE),
        ("Deneb", "EUR", "0.25", Status.INACTIVE),
    ):
        customer = factories.make_customer(name=name, currency=code, status=status)
        factories.set_figures(customer, balance=Decimal(balance), attempts_24h=4, connected_24h=3)


def test_a_file_has_the_rows_the_order_and_the_columns_of_the_screen(client_alice, three):
    rows = read(client_alice, "f.status=in:active&s=-name&c=credit,name,asr")
    assert rows == [
        ["Credit", "Credit currency", "Name", "ASR (%)"],
        ["-3", "USD", "Vega", "75"],
        ["12.5", "EUR", "Nova", "75"],
    ]


def test_a_file_has_all_pages(client_alice, three):
    assert [row[0] for row in read(client_alice, "s=name&n=1&page=2&c=name")] == [
        "Name",
        "Deneb",
        "Nova",
        "Vega",
    ]


def test_a_resellers_user_takes_out_own_customers_only(client_rita, three, reseller_a):
    factories.make_customer(name="Hers", reseller=reseller_a)
    assert [row[0] for row in read(client_rita, "s=name&c=name")] == ["Name", "Hers"]


def test_the_name_of_a_file_says_what_and_when(client_alice, three):
    answer = taken(client_alice, "s=name")
    assert re.fullmatch(
        r'attachment; filename="customers-\d{4}-\d\d-\d\d-\d{4}\.csv"', answer["Content-Disposition"]
    )
    assert int(answer["Content-Length"]) == len(b"".join(answer.streaming_content))


def test_who_took_what_is_in_the_audit(client_alice, alice, three):
    b"".join(taken(client_alice, "f.status=in:active&s=name").streaming_content)
    act = Act.objects.get(kind=ActKind.EXPORTED)
    assert act.user == alice
    assert "2 rows" in act.detail
    assert "f.status=in:active" in act.detail


def test_an_unknown_format_is_named_and_makes_nothing(client_alice, three):
    answer = client_alice.get("/customers/export/?s=name&format=pdf")
    assert answer.status_code == 400
    assert "csv, xlsx, json" in answer.content.decode()
    assert not Act.objects.filter(kind=ActKind.EXPORTED).exists()


def test_no_file_is_made_of_an_address_that_is_not_understood(client_alice, three):
    answer = client_alice.get("/customers/export/?f.nonsense=in:1&s=name&format=csv")
    assert answer.status_code == 400
    assert "f.nonsense=in:1" in answer.content.decode()


def test_an_empty_list_is_a_file_with_heads(client_alice, three):
    assert read(client_alice, "f.name=is:nobody&s=name&c=name") == [["Name"]]
    content = b"".join(taken(client_alice, "f.name=is:nobody&s=name", "json").streaming_content)
    assert json.loads(content) == []


# --- Groups and pivots keep their shape


def test_groups_are_rows_with_their_figures_and_amounts_by_currency(client_alice, three):
    rows = read(client_alice, "g=status,currency&a=sum:credit,ratio:asr&s=")
    assert rows[0][:3] == ["Status", "Currency", "Rows"]
    assert [row[:3] for row in rows[1:]] == [
        ["Active", "EUR", "1"],
        ["Active", "USD", "1"],
        ["Inactive", "EUR", "1"],
    ]
    euros, dollars = (rows[0].index(f"Credit (Sum) {code}") for code in ("EUR", "USD"))
    assert [row[euros] for row in rows[1:]] == ["12.5", "", "0.25"]
    assert [row[dollars] for row in rows[1:]] == ["", "-3", ""]
    assert [row[rows[0].index("ASR")] for row in rows[1:]] == ["75", "75", "75"]


def test_a_pivot_keeps_labels_cells_and_totals(client_alice, three):
    rows = read(client_alice, "g=currency&p=status&a=count:name&s=currency")
    assert rows == [
        ["Currency", "Active · Name (Count)", "Inactive · Name (Count)", "Total · Name (Count)"],
        ["EUR", "1", "1", "2"],
        ["USD", "1", "", "1"],
        ["Total", "2", "1", "3"],
    ]


# --- Spreadsheets


def test_a_sheet_has_words_as_words_and_figures_as_figures(client_alice):
    customer = factories.make_customer(name='=HYPERLINK("http://x")')
    factories.set_figures(customer, balance=Decimal("7.25"))
    content = b"".join(taken(client_alice, "s=name&c=name,credit", "xlsx").streaming_content)
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "=HYPERLINK" in sheet
    assert "<f>" not in sheet
    assert "<v>7.25</v>" in sheet


def test_more_rows_than_a_sheet_holds_lead_back_with_the_reason(client_alice, three, monkeypatch):
    monkeypatch.setattr(files, "XLSX_MOST_ROWS", 2)
    answer = client_alice.get("/customers/export/?s=name&format=xlsx", follow=True)
    assert answer.redirect_chain == [("/customers/?s=name", 302)]
    assert "An Excel sheet holds 2 rows at most" in answer.content.decode()
    assert not Act.objects.filter(kind=ActKind.EXPORTED).exists()


class FormulasInSqlAndPython(TestCase):
    """One pattern, two engines."""

    @given(st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=12))
    @example("=1+1")
    @example("-12.5")
    @example("-12.5\n")
    @example("+1")
    @example("٣")
    @example("-٣")
    @example("＝1")
    @example("\t=1")
    @example("\n")
    @example("@a")
    def test_are_the_same(self, text: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT regexp_replace(%s, %s, '''')", [text, _BEGINS])
            (answered,) = cursor.fetchone()
        assert answered == defused(text)


@pytest.mark.parametrize("text", ["=1+1", "+A1", "-A1", "@SUM(1)", "\t=1", "\r=1", "＝1", "-", "-1+1"])
def test_what_a_spreadsheet_would_run_is_words(text):
    assert defused(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "Nova", "12", "-12.50", "+49301234", "a=1", "'=1"])
def test_what_is_harmless_stays(text):
    assert defused(text) == text


def test_what_a_person_wrote_is_bound(client_alice, three):
    assert read(client_alice, "s=name&c=name&f.name=has:%27%29%3B+DROP+TABLE+x--") == [["Name"]]
    assert read(client_alice, "s=name&c=name&f.name=has:%25s") == [["Name"]]
