"""Row triggers must stay cheap for COPY of many rows; see DATABASES in settings."""

import pgtrigger
import pytest
from django.db import connection

from customers.models import Listing
from tests.factories import make_customer

pytestmark = pytest.mark.django_db


def ignored() -> str:
    """The setting as the triggers read it: an error where nobody has set it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('pgtrigger.ignore')")
        return str(cursor.fetchone()[0])


def test_a_row_trigger_finds_its_setting_instead_of_raising_an_error_for_each_row() -> None:
    assert ignored() == "{}"


def test_a_trigger_that_was_ignored_for_a_while_works_again_afterwards() -> None:
    rows = Listing.objects.filter(pk=make_customer().pk)

    def revision_grows() -> bool:
        before = rows.get().revision
        rows.update(channels=1)
        return rows.get().revision > before

    assert revision_grows()
    with pgtrigger.ignore("customers.Listing:count_revision"):
        assert not revision_grows()
    assert revision_grows()
