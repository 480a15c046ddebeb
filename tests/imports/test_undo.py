"""An import is taken back: what nobody changed since goes, the rest stays and is named."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.utils import timezone

from customers.models import Customer
from customers.services import change_customer
from imports import services
from imports.models import Upload
from tests import factories
from tests.imports.test_upload import URL, checked, step
from tests.pages import words
from users.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _currency(settings: Any, tmp_path: Path) -> None:
    settings.CONNEX_HOME = tmp_path
    factories.make_currency("EUR")


def imported(client: Client) -> Upload:
    upload, _page = checked(client, b"Name,Currency\nAurel,EUR\nBergtal,EUR\n")
    client.post(step(upload, "import"))
    return Upload.objects.get(pk=upload.pk)


def existing() -> list[str]:
    return list(Customer.objects.existing().order_by("name").values_list("name", flat=True))


def test_what_an_import_made_is_taken_back_with_history(client_alice: Client, alice: User) -> None:
    other = factories.make_customer(name="Older")
    upload = imported(client_alice)
    assert "Undo this import" in words(client_alice.get(step(upload, "report")))
    page = client_alice.post(step(upload, "undo"), follow=True)
    assert "This import was taken back" in words(page)
    assert "Undo this import" not in words(page)
    assert existing() == [other.name]
    events = apps.get_model("customers", "CustomerEvent").objects.exclude(pgh_obj_id=other.pk)
    last = events.select_related("pgh_context").order_by("pk").last()
    assert last.pgh_context.metadata["reason"] == "undo of the import of customers.csv"
    assert last.pgh_context.metadata["email"] == alice.email
    again = imported(client_alice)
    assert again.outcome == {"rows": 2, "good": 2, "bad": 0, "skipped": 0, "made": 2}, "the names are free"
    client_alice.post(step(upload, "undo"))
    assert len(existing()) == 3, "a repeat does nothing"


def test_what_was_changed_since_stays_and_is_named(client_alice: Client, alice: User) -> None:
    upload = imported(client_alice)
    changed = Customer.objects.get(name="Bergtal")
    change_customer(changed.pk, {"notes": "called"}, by=alice)
    page = client_alice.post(step(upload, "undo"), follow=True)
    assert words(page, "id", "kept") == "Bergtal It was changed since."
    assert existing() == ["Bergtal"]


def test_an_undo_takes_the_right_to_delete_and_is_the_owners_alone(
    client_alice: Client, client_anna: Client, anna: User
) -> None:
    assert client_anna.post(step(imported(client_alice), "undo")).status_code == 404
    Customer.objects.all().delete()
    upload = imported(client_anna)
    assert not anna.has_perm("customers.delete_customer")
    assert "Undo this import" not in words(client_anna.get(step(upload, "report")))
    assert client_anna.post(step(upload, "undo")).status_code == 403
    assert existing() == ["Aurel", "Bergtal"]


def test_a_report_is_kept_for_thirty_days_and_its_file_for_seven(
    client_alice: Client, tmp_path: Path
) -> None:
    upload = imported(client_alice)
    assert upload.finished_at is not None
    assert upload.expires_at - upload.finished_at == timedelta(days=30)
    Upload.objects.update(created_at=timezone.now() - timedelta(days=8))
    assert services.forget_expired() == 0
    assert not list((tmp_path / "uploads").iterdir())
    assert step(upload, "report") in client_alice.get(URL).content.decode()
    assert "kept no longer" in words(client_alice.get(step(upload, "errors"), follow=True))
    Upload.objects.update(expires_at=timezone.now())
    assert client_alice.post(step(upload, "undo")).status_code == 404
