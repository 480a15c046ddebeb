"""The pages that take a file through its steps."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from customers.models import Customer
from imports import services
from imports.models import State, Upload
from tests import factories
from tests.pages import words
from users.models import User

pytestmark = pytest.mark.django_db
URL = "/import/customers/"


@pytest.fixture(autouse=True)
def _currency(settings: Any, tmp_path: Path) -> None:
    settings.CONNEX_HOME = tmp_path
    factories.make_currency("EUR")


def send(client: Client, content: bytes, name: str = "customers.csv") -> Upload:
    answer = client.post(URL, {"file": SimpleUploadedFile(name, content)})
    assert answer.status_code == 302, words(answer)
    return Upload.objects.latest("pk")


def step(upload: Upload, name: str) -> str:
    return f"/import/{upload.pk}/{name}/"


def checked(client: Client, content: bytes) -> tuple[Upload, HttpResponse]:
    upload = send(client, content)
    return upload, client.post(step(upload, "check"), follow=True)


def test_a_file_is_kept_for_its_owner_alone(
    client_alice: Client, client_anna: Client, tmp_path: Path
) -> None:
    upload = send(client_alice, b"Name,Currency\nAurel,EUR\n")
    (kept,) = (tmp_path / "uploads").iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600
    assert "customers.csv" in client_alice.get(URL).content.decode()
    assert "customers.csv" not in client_anna.get(URL).content.decode()
    assert client_anna.get(step(upload, "start")).status_code == 404


def test_titles_above_the_heads_are_skipped_and_the_row_can_be_changed(client_alice: Client) -> None:
    upload = send(client_alice, b"Our customers,\nCompany,Curr.\nAurel,EUR\nBergtal,EUR\n")
    assert upload.decided.start_row == 3
    client_alice.post(step(upload, "start"), {"set_start_row": "2"})
    page = client_alice.get(step(upload, "start"))
    assert Upload.objects.get(pk=upload.pk).decided.start_row == 2
    assert "Data begins in row 2" in words(page)


def test_columns_are_guessed_with_a_reason_and_can_be_changed(client_alice: Client) -> None:
    upload = send(client_alice, b"Firma,Currency,Ports\nAurel,EUR,Euro\n")
    page = client_alice.get(step(upload, "columns"))
    assert "Required: map a column to Name" in words(page)
    assert "same name" in words(page)
    assert "synonym" in words(page)
    assert "1 of 1 do not fit" in words(page)
    page = client_alice.post(
        step(upload, "columns"), {"column-0": "name", "column-1": "currency", "column-2": ""}, follow=True
    )
    assert "Required: map" not in words(page)
    assert "you chose it" in words(page)


def test_a_field_is_fed_by_one_column(client_alice: Client) -> None:
    upload = send(client_alice, b"Firma,Currency\nAurel,EUR\n")
    page = client_alice.post(step(upload, "columns"), {"column-0": "name", "column-1": "name"})
    assert page.status_code == 422
    assert "Two columns are mapped to “Name”" in words(page)


def test_one_value_for_every_row(client_alice: Client) -> None:
    upload = send(client_alice, b"Name\nAurel\n")
    decisions = {"column-0": "name", "fixed_field": "currency", "fixed_text": "EUR", "next": "1"}
    page = client_alice.post(step(upload, "columns"), decisions, follow=True)
    assert "Good rows 1" in words(page)
    client_alice.post(step(upload, "import"))
    assert Customer.objects.get().currency_id == "EUR"


def test_what_a_check_finds_is_grouped_and_nothing_is_written(client_alice: Client) -> None:
    upload, page = checked(client_alice, b"Name,Currency\nAurel,<b>\nBergtal,<b>\nCalypso,1E+05\n")
    text = page.content.decode()
    assert "&lt;b&gt;" in text
    assert "was shortened by a spreadsheet" in text
    assert "With problems 3" in words(page)
    group = client_alice.get(step(upload, "check") + "?group=0")
    assert "Aurel" not in words(group)
    assert "1E+05" not in words(group, "id", "problems")
    assert not Customer.objects.exists()
    assert client_alice.post(step(upload, "import"), follow=True).status_code == 200
    assert not Customer.objects.exists()


@pytest.mark.accept("U-12", part="the result; its confirmation is a dialog of the browser")
def test_the_import_reports_and_a_repeat_does_nothing(client_alice: Client) -> None:
    upload, _page = checked(client_alice, b"Name,Currency\nAurel,EUR\nBergtal,Euro\n")
    page = client_alice.post(step(upload, "import"), {"good_rows_only": "1"}, follow=True)
    assert "1 row was imported" in words(page)
    assert "1 row with problems was left out" in words(page)
    client_alice.post(step(upload, "import"))
    assert Customer.objects.count() == 1
    assert Upload.objects.get().state == State.DONE
    assert client_alice.get(step(upload, "columns")).headers["Location"] == step(upload, "report")


def test_a_decision_after_a_check_asks_for_another(client_alice: Client) -> None:
    upload, _page = checked(client_alice, b"Name,Currency\nAurel,EUR\n")
    client_alice.post(step(upload, "start"), {"set_start_row": "1"})
    assert "Check now" in words(client_alice.get(step(upload, "check")))


def test_the_same_file_twice_is_noticed(client_alice: Client) -> None:
    upload, _page = checked(client_alice, b"Name,Currency\nAurel,EUR\n")
    client_alice.post(step(upload, "import"))
    again = send(client_alice, b"Name,Currency\nAurel,EUR\n", "other-name.csv")
    page = client_alice.get(step(again, "start"))
    assert "You imported this very file" in words(page)
    assert step(upload, "report") in page.content.decode()


def test_a_file_that_is_none_is_refused_under_its_field_and_leaves_nothing(
    client_alice: Client, tmp_path: Path
) -> None:
    page = client_alice.post(URL, {"file": SimpleUploadedFile("customers.csv", b"MZ\x90\x00\x03")})
    assert page.status_code == 422
    assert "program for Windows" in words(page)
    assert not list((tmp_path / "uploads").iterdir())


def test_files_are_forgotten_after_seven_days_and_on_request(client_alice: Client, tmp_path: Path) -> None:
    upload = send(client_alice, b"Name,Currency\nAurel,EUR\n")
    other = send(client_alice, b"Name,Currency\nBergtal,EUR\n")
    client_alice.post(step(other, "discard"))
    Upload.objects.update(expires_at=timezone.now())
    assert client_alice.get(step(upload, "start")).status_code == 404
    assert services.forget_expired() == 1
    assert not list((tmp_path / "uploads").iterdir())


def test_an_encoding_that_does_not_fit_is_said_and_can_be_taken_back(client_alice: Client) -> None:
    upload = send(client_alice, b"Name,Currency\nAurel,EUR\n")
    page = client_alice.post(step(upload, "start"), {"encoding": "utf-16-le"}, follow=True)
    assert page.status_code == 200
    assert client_alice.get(step(upload, "columns")).status_code in (200, 302)
    page = client_alice.post(step(upload, "start"), {"encoding": "utf-8"}, follow=True)
    assert "Aurel" in words(page)


def test_the_list_leads_there_those_who_may(client_alice: Client, client_bob: Client, anna: User) -> None:
    assert f'href="{URL}"' in client_alice.get("/customers/", follow=True).content.decode()
    assert client_bob.get(URL).status_code == 403


def test_the_decimal_mark_is_found_with_a_reason_and_can_be_changed(client_alice: Client) -> None:
    upload = send(client_alice, b"Name;Currency;Debit limit\nAurel;EUR;1.234\nBergtal;EUR;2,5\n")
    page = client_alice.get(step(upload, "start"))
    assert "read with “,” before the decimals: so the decimals of this file" in words(page, "id", "mark")
    page = client_alice.post(step(upload, "start"), {"mark": "."}, follow=True)
    assert "“.” before the decimals: you chose it" in words(page, "id", "mark")
    other = send(client_alice, b"Name;Currency;Debit limit\nAurel;EUR;1.5\nBergtal;EUR;2,5\n")
    page = client_alice.get(step(other, "start"))
    assert words(page, "id", "mark") == "some numbers have a point, some a comma"


# --- The rows with problems as a file


@pytest.mark.accept("U-18")
def test_rows_with_problems_are_taken_away_mended_and_uploaded_again(client_alice: Client) -> None:
    content = (
        b"Name,Currency,Channels,Notes\r\nAurel,EUR,5,fine\r\n"
        b'Bergtal,XXX,1.2E+05,"two\nlines, ""said"""\r\n,EUR,7,\r\n'
    )
    upload, page = checked(client_alice, content)
    assert f'href="{step(upload, "errors")}"' in page.content.decode()
    answer: Any = client_alice.get(step(upload, "errors"))
    assert 'filename="customers-problems.csv"' in answer["Content-Disposition"]
    file = b"".join(answer.streaming_content).decode()
    heads, second, third = csv.reader(io.StringIO(file.removeprefix("\ufeff")))
    assert heads == ["Name", "Currency", "Channels", "Notes", "Problem"]
    assert second[:4] == ["Bergtal", "XXX", "1.2E+05", 'two\nlines, "said"']
    assert "Currency: " in second[4]
    assert "Channels: " in second[4], "all problems of a row stand in it"
    assert third[:4] == ["", "EUR", "7", ""]

    client_alice.post(step(upload, "import"), {"good_rows_only": "1"})
    report = client_alice.get(step(upload, "report"))
    assert f'href="{step(upload, "errors")}"' in report.content.decode()
    mended = file.replace("XXX", "EUR").replace("1.2E+05", "120000").replace("\n,EUR,7", "\nCelano,EUR,7")
    again, page = checked(client_alice, mended.encode())
    assert "No row has a problem." in words(page)
    client_alice.post(step(again, "import"))
    assert list(Customer.objects.order_by("name").values_list("name", "channels_limit")) == [
        ("Aurel", 5), ("Bergtal", 120_000), ("Celano", 7),
    ]  # fmt: skip


def test_the_file_of_problems_is_its_owners_alone(client_alice: Client, client_anna: Client) -> None:
    upload, _page = checked(client_alice, b"Name,Currency\n,EUR\n")
    assert client_anna.get(step(upload, "errors")).status_code == 404
