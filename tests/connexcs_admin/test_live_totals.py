"""The top bar's totals: shared by who sees the same rows, and by nobody else."""

import pytest
from django.core.cache import cache
from redis.exceptions import ConnectionError as NoRedis

from tests.factories import make_customer, set_figures

pytestmark = pytest.mark.django_db


@pytest.fixture
def calls_up(reseller_a, reseller_b, anna):
    """3 channels at A's customer, 40 at B's, 500 at Anna's."""
    for channels, fields in (
        (3, {"reseller": reseller_a}),
        (40, {"reseller": reseller_b}),
        (500, {"account_manager": anna}),
    ):
        set_figures(make_customer(**fields), channels=channels)


def test_each_person_is_told_the_sum_of_what_he_may_see_whoever_asked_just_before(
    calls_up, client_alice, client_rita, client_rolf, client_anna, client_bob
):
    clients = {"543": client_alice, "3": client_rita, "40": client_rolf, "500": client_anna}
    for channels, client in [*clients.items(), *reversed(clients.items())]:
        assert f"<b>{channels}</b> channels" in client.get("/live-totals/").content.decode()
    assert client_bob.get("/live-totals/").status_code == 204


def test_totals_are_counted_also_where_redis_does_not_answer(calls_up, client_alice, settings):
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
        }
    }
    with pytest.raises(NoRedis):
        cache.get("x")
    assert "<b>543</b> channels" in client_alice.get("/live-totals/").content.decode()
