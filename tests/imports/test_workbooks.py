"""Workbooks and pasted cells take the same steps as text."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from customers.models import Customer
from imports.models import Upload
from tests import factories
from tests.imports.test_upload import URL, checked, send, step
from tests.pages import words

pytestmark = pytest.mark.django_db
ODS = "application/vnd.oasis.opendocument.spreadsheet"


@pytest.fixture(autouse=True)
def _currency(settings: Any, tmp_path: Path) -> None:
    settings.CONNEX_HOME = tmp_path
    factories.make_currency("EUR")


def xlsx(*rows: Sequence[object]) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        book.add_worksheet("Cover")
        sheet = book.add_worksheet("Accounts")
        for number, row in enumerate(rows):
            for place, value in enumerate(row):
                if isinstance(value, date):
                    sheet.write_datetime(number, place, value, book.add_format({"num_format": "yyyy-mm-dd"}))
                elif value is not None:
                    sheet.write(number, place, value)
    return file.getvalue()


def ods(*rows: Sequence[str]) -> bytes:
    cells = (
        "".join(
            f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'
            for text in row
        )
        for row in rows
    )
    body = "".join(f"<table:table-row>{row}</table:table-row>" for row in cells)
    spaces = " ".join(
        f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for short, name in (("office", "office"), ("table", "table"), ("text", "text"))
    )
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("mimetype", ODS, zipfile.ZIP_STORED)
        parts.writestr(
            "META-INF/manifest.xml",
            '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
        )
        parts.writestr(
            "content.xml",
            f'<?xml version="1.0"?><office:document-content {spaces}><office:body><office:spreadsheet>'
            f'<table:table table:name="One">{body}</table:table></office:spreadsheet></office:body>'
            "</office:document-content>",
        )
    return file.getvalue()


def test_a_workbook_becomes_customers_its_numbers_in_full(client_alice: Client) -> None:
    content = xlsx(
        ["Our customers"],
        ["Name", "Currency", "Channels", "Debit limit", "Notes", "Postcode"],
        ["Müller", "EUR", 120_000.0, 1.234, date(2026, 1, 31), 447_000_000_001.0],
    )
    upload = send(client_alice, content, "accounts.xlsx")
    assert "Sheet “Accounts” is read" in words(client_alice.get(step(upload, "start")))
    client_alice.post(step(upload, "check"))
    client_alice.post(step(upload, "import"))
    row = Customer.objects.get()
    assert (row.name, row.channels_limit, str(row.debit_limit)) == ("Müller", 120_000, "1.23400000")
    assert (row.notes, row.postcode) == ("2026-01-31", "447000000001")


def test_a_number_beyond_what_a_spreadsheet_holds_is_an_error_with_the_row_of_the_sheet(
    client_alice: Client,
) -> None:
    upload = send(client_alice, xlsx(["Name", "Currency", "Postcode"], [], ["Aurel", "EUR", 1e17]), "a.xlsx")
    page = client_alice.post(step(upload, "check"), follow=True)
    assert "was shortened by a spreadsheet" in words(page)
    assert upload.problems.get().row == 3


def test_an_ods_file_is_known_by_its_content(client_alice: Client) -> None:
    upload, page = checked(client_alice, ods(["Name", "Currency"], ["Aurel", "EUR"]))
    assert upload.reading["sheet"] == "One"
    assert "Good rows 1" in words(page)


def test_pasted_cells_are_read(client_alice: Client) -> None:
    answer = client_alice.post(URL, {"pasted": "Name\tCurrency\r\nAurel\tEUR\r\n"})
    upload = Upload.objects.get()
    assert answer.headers["Location"] == step(upload, "start")
    assert "Good rows 1" in words(client_alice.post(step(upload, "check"), follow=True))
    assert "Choose a file, or paste cells." in words(client_alice.post(URL, {"pasted": " "}))


def refused(client: Client, content: bytes) -> str:
    answer = client.post(URL, {"file": SimpleUploadedFile("accounts.xlsx", content)})
    assert answer.status_code == 422
    return words(answer)


def test_a_workbook_that_unpacks_to_far_more_than_it_is_is_refused_unread(
    client_alice: Client, tmp_path: Path
) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("xl/workbook.xml", "<workbook/>")
        parts.writestr("xl/worksheets/sheet1.xml", b"0" * 30_000_000)
    assert "unpacks to far more than it is" in refused(client_alice, file.getvalue())
    assert not list((tmp_path / "uploads").iterdir())


def test_damaged_and_empty_workbooks_and_other_archives_are_refused_with_a_sentence(
    client_alice: Client,
) -> None:
    assert "cannot be opened" in refused(client_alice, _damaged())
    assert "No sheet of this workbook has rows" in refused(client_alice, xlsx())
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as parts:
        parts.writestr("customers.csv", "Name")
    assert "archive" in refused(client_alice, file.getvalue())


def _damaged() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as parts:
        parts.writestr("xl/workbook.xml", "<workbook")
    return file.getvalue()


def test_a_template_has_the_heads_of_all_fields_and_every_one_is_known_again(
    client_alice: Client, client_bob: Client
) -> None:
    template = client_alice.get(URL + "template/")
    heads = template.content.decode("utf-8-sig").strip().split(",")
    assert heads[:2] == ["Name", "Currency"]
    upload = send(client_alice, template.content + b"Aurel,EUR\r\n")
    page = words(client_alice.get(step(upload, "columns")))
    assert page.count("same name") == len(heads)
    assert client_bob.get(URL + "template/").status_code == 403
