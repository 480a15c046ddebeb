"""Two people who add the same thing at the same moment."""

import threading
import time

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction

from routing import services
from routing.models import SipUser
from tests import factories


def waiting_for_locks():
    with connection.cursor() as cursor:
        # pg_stat_activity would be a snapshot, frozen for the rest of this transaction
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return cursor.fetchone()[0]


@pytest.mark.django_db(transaction=True)
def test_who_comes_second_to_a_sip_user_name_is_told_so_in_words():
    factories.make_portal_domain()
    first, second = factories.make_customer(), factories.make_customer()
    refusals = []

    def add_at_second():
        try:
            services.add_sip_user(customer_id=second.pk, username="desk1", password="Abc1!xyz", by=None)
        except ValidationError as error:
            refusals.extend(error.messages)
        finally:
            connection.close()

    slower = threading.Thread(target=add_at_second)
    with transaction.atomic():
        services.add_sip_user(customer_id=first.pk, username="desk1", password="Abc1!xyz", by=None)
        slower.start()
        deadline = time.monotonic() + 20
        while not waiting_for_locks() and time.monotonic() < deadline:
            time.sleep(0.02)
        assert waiting_for_locks(), "the second never came to wait for the first"
    slower.join(20)

    assert refusals == ["Duplicate User Detected"]
    assert SipUser.objects.get().customer_id == first.pk
