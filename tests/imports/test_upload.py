"""The page that takes a file."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client

from customers.models import Customer
from tests import factories
from users.models import User

pytestmark = pytest.mark.django_db
URL = "/import/customers/"


@pytest.fixture(autouse=True)
def _currency() -> None:
    factories.make_currency("EUR")


def send(client: Client, content: bytes, *, button: str = "import", **fields: Any) -> HttpResponse:
    data = {"file": SimpleUploadedFile("customers.csv", content), "heads_row": 1, button: "1", **fields}
    return client.post(URL, data)


def test_a_file_becomes_customers_and_the_page_says_how_many(client_alice: Client) -> None:
    page = send(client_alice, b"Name,Currency\nAurel,EUR\nBergtal,EUR\n")
    assert page.status_code == 200
    assert "2 rows were imported" in page.content.decode()
    assert Customer.objects.count() == 2


def test_a_check_writes_nothing(client_alice: Client) -> None:
    page = send(client_alice, b"Name,Currency\nAurel,EUR\n", button="check")
    assert "Nothing has been written" in page.content.decode()
    assert "1 row is good." in page.content.decode()
    assert not Customer.objects.exists()


def test_every_problem_stands_on_the_page_as_text(client_alice: Client) -> None:
    page = send(client_alice, b"Name,Currency\nAurel,<b>\nBergtal,1E+05\n")
    text = page.content.decode()
    assert page.status_code == 422
    assert "&lt;b&gt;" in text
    assert "was shortened by a spreadsheet" in text
    assert not Customer.objects.exists()


def test_a_file_that_is_none_is_refused_under_its_field(client_alice: Client) -> None:
    page = send(client_alice, b"MZ\x90\x00\x03")
    assert page.status_code == 422
    assert "program for Windows" in page.content.decode()


def test_the_list_leads_there_those_who_may(client_alice: Client, client_bob: Client, anna: User) -> None:
    assert f'href="{URL}"' in client_alice.get("/customers/", follow=True).content.decode()
    assert client_bob.get(URL).status_code == 403
