"""What docs/scaling.md promises: tables that grow with traffic can be spread by customer."""

import pytest
from django.db import connection

from calls.models import Cdr, CustomerDay, CustomerHour, Dialog, MinuteBucket

pytestmark = pytest.mark.django_db

SPREAD = (Cdr, CustomerDay, CustomerHour, Dialog, MinuteBucket)


@pytest.mark.parametrize("model", SPREAD, ids=lambda model: model.__name__)
def test_every_unique_key_carries_the_customer_first(model):
    """Citus enforces uniqueness within one shard only, so a key without the customer would not hold."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexrelid::regclass::text, array_agg(attname::text ORDER BY place)"
            "  FROM pg_index CROSS JOIN LATERAL unnest(indkey) WITH ORDINALITY AS key (number, place)"
            "  JOIN pg_attribute ON attrelid = indrelid AND attnum = key.number"
            " WHERE indrelid = %s::regclass AND indisunique GROUP BY indexrelid",
            [model._meta.db_table],
        )
        keys = dict(cursor.fetchall())
    assert keys
    assert {columns[0] for columns in keys.values()} == {"customer_id"}


@pytest.mark.parametrize("model", SPREAD, ids=lambda model: model.__name__)
def test_no_table_that_is_spread_by_customer_is_referred_to(model):
    """A foreign key to a spread table has to carry the customer; there is none at all."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE contype = 'f' AND confrelid = %s::regclass",
            [model._meta.db_table],
        )
        assert cursor.fetchall() == []
