"""A file is put right on the pages: values mapped once, cells corrected, rows left out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from customers.models import Customer, Status
from imports.models import Upload
from tests import factories
from tests.imports.test_upload import checked, send, step
from tests.pages import filled, words

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _currency(settings: Any, tmp_path: Path) -> None:
    settings.CONNEX_HOME = tmp_path
    factories.make_currency("EUR")
    factories.make_currency("USD")


def mend(client: Client, upload: Upload, **posted: Any) -> str:
    return words(client.post(step(upload, "mend"), posted, follow=True))


def stored() -> list[tuple[str, str]]:
    return list(Customer.objects.order_by("pk").values_list("name", "currency_id"))


def test_texts_that_mean_nothing_are_mapped_once_for_all_rows(client_alice: Client) -> None:
    rows = "Aurel,Euro,Actve\nBergtal,Euro,Active\nCalypso,$,Actve\n"
    upload = send(client_alice, f"Name,Currency,Status\n{rows}".encode())
    columns = {"column-0": "name", "column-1": "currency", "column-2": "status", "next": "1"}
    page = client_alice.post(step(upload, "columns"), columns, follow=True)
    assert page.redirect_chain[-1][0] == step(upload, "values")
    assert "Euro 2" in words(page)
    assert "Actve 2" in words(page)
    fields = filled(page)
    assert fields["swap_to"] == ["EUR", "", "Active"], "the closest is proposed, where one is close"
    assert fields["swap_field"] == ["currency", "currency", "status"]
    page = client_alice.post(
        step(upload, "values"), fields | {"swap_to": ["EUR", "USD", "Active"]}, follow=True
    )
    assert "Good rows 3" in words(page)
    client_alice.post(step(upload, "import"))
    assert stored() == [("Aurel", "EUR"), ("Bergtal", "EUR"), ("Calypso", "USD")]
    assert set(Customer.objects.values_list("status", flat=True)) == {Status.ACTIVE}


def test_a_value_that_was_mapped_can_be_mapped_anew_or_left_blank(client_alice: Client) -> None:
    upload, _page = checked(client_alice, b"Name,Currency,Status\nAurel,EUR,ok\n")
    for chosen, good in (("Active", 1), ("", 0), (" blank", 1)):
        answer = {"swap_field": "status", "swap_text": "ok", "swap_to": chosen}
        page = client_alice.post(step(upload, "values"), answer, follow=True)
        assert f"Good rows {good}" in words(page)
    assert "ok 1" in words(client_alice.get(step(upload, "values"))), "it can still be mapped anew"


def test_without_strange_values_the_step_is_passed_over(client_alice: Client) -> None:
    upload = send(client_alice, b"Name,Currency\nAurel,EUR\n")
    columns = {"column-0": "name", "column-1": "currency", "next": "1"}
    page = client_alice.post(step(upload, "columns"), columns, follow=True)
    assert page.redirect_chain[-1][0] == step(upload, "check")
    assert "Every choice in the file is known." in words(client_alice.get(step(upload, "values")))


@pytest.mark.accept("U-15", part="in the check; cells without a problem are not offered")
def test_a_cell_is_put_right_and_the_rows_are_counted_again(client_alice: Client) -> None:
    upload, page = checked(client_alice, b"Name,Currency,Channels\n,EUR,1\nBergtal,EUR,1.2E+05\n")
    assert "With problems 2" in words(page)
    text = mend(client_alice, upload, **{"cell-2-name": "Aurel", "cell-3-channels_limit": "120000"})
    assert "Good rows 2" in text
    client_alice.post(step(upload, "import"))
    assert list(Customer.objects.order_by("pk").values_list("name", "channels_limit")) == [
        ("Aurel", 1), ("Bergtal", 120_000),
    ]  # fmt: skip


def test_a_corrected_cell_is_judged_anew(client_alice: Client) -> None:
    upload, _page = checked(client_alice, b"Name,Currency,Channels\nAurel,EUR,many\n")
    assert "was shortened by a spreadsheet" in mend(client_alice, upload, **{"cell-2-channels_limit": "5e3"})
    assert "With problems 1" in words(client_alice.get(step(upload, "check")))


def test_what_is_alike_is_set_in_every_row_at_once(client_alice: Client) -> None:
    rows = "".join(f"Customer {n},{code}\n" for n, code in enumerate(["Euro", "Euro", "", "EUR"]))
    upload, _page = checked(client_alice, f"Name,Currency\n{rows}".encode())
    page = client_alice.get(step(upload, "check") + "?group=0")
    assert "Euro 2" in words(page, "id", "alike")
    fields = {"kind": filled(page)["kind"], "column": "Currency", "alike": "1"}
    swap = {"swap_field": ["currency"] * 2, "swap_text": ["Euro", ""], "swap_to": ["EUR", "USD"]}
    assert "Good rows 4" in mend(client_alice, upload, **fields, **swap)


def test_rows_are_skipped_one_by_one_or_all_of_one_problem_and_taken_after_all(client_alice: Client) -> None:
    rows = "Aurel,EUR,1\nBergtal,XXX,1\nCalypso,YYY,1\nDanubia,EUR,n/a\n"
    upload, _page = checked(client_alice, f"Name,Currency,Channels\n{rows}".encode())
    text = mend(client_alice, upload, skip="5")
    assert "With problems 2" in text
    assert "Skipped" in text
    kind = filled(client_alice.get(step(upload, "check") + "?group=0"))["kind"]
    text = mend(client_alice, upload, skip_all="1", kind=kind, column="Currency")
    assert "Good rows 1" in text
    assert "With problems 0" in text
    client_alice.post(step(upload, "import"))
    assert stored() == [("Aurel", "EUR")]


def test_skipped_rows_can_be_taken_after_all(client_alice: Client) -> None:
    upload, _page = checked(client_alice, b"Name,Currency\nAurel,EUR\nBergtal,XXX\n")
    assert "With problems 0" in mend(client_alice, upload, skip="3")
    assert "With problems 1" in mend(client_alice, upload, take_all="1")


def test_a_name_that_exists_already_is_mended_in_its_cell_and_kept_in_the_file_of_problems(
    client_alice: Client,
) -> None:
    factories.make_customer(name="Aurel")
    upload, _page = checked(client_alice, b"Name,Currency\nAurel,EUR\n")
    answer: Any = client_alice.get(step(upload, "errors"))
    assert "Aurel,EUR," in b"".join(answer.streaming_content).decode()
    assert "Good rows 1" in mend(client_alice, upload, **{"cell-2-name": "Aurel Two"})


def test_after_the_import_nothing_is_corrected(client_alice: Client) -> None:
    upload, _page = checked(client_alice, b"Name,Currency\nAurel,EUR\n")
    client_alice.post(step(upload, "import"))
    page = client_alice.post(step(upload, "mend"), {"skip": "2"})
    assert page.headers["Location"] == step(upload, "report")


def test_zero_bytes_typed_into_a_cell_do_no_harm(client_alice: Client) -> None:
    upload, _page = checked(client_alice, b"Name,Currency\n,EUR\n")
    assert "Good rows 1" in mend(client_alice, upload, **{"cell-2-name": "Au\0rel"})
