"""Parts of the customers page, how fresh they are, and what polls may share."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from customers.models import FeedState
from grids.testing import MOST_QUERIES
from tests import factories
from tests.customers.listed import quiet, rows_of, text_of
from tests.test_every_grid import grant_to
from users.models import User

pytestmark = pytest.mark.django_db
ACTIVE = "/customers/?f.status=in:active&s=name"


def test_htmx_gets_the_part_history_and_boosts_get_the_whole(client_alice: Client):
    part = client_alice.get(ACTIVE, headers={"HX-Request": "true"})
    assert part.content.lstrip().startswith(b'<div id="customers-grid"')
    assert "HX-Request" in part.headers["Vary"]
    for extra in ("HX-Boosted", "HX-History-Restore-Request"):
        whole = client_alice.get(ACTIVE, headers={"HX-Request": "true", extra: "true"})
        assert whole.content.lstrip().startswith(b"<!doctype html>")


def test_a_search_while_typing_has_one_entry_in_the_history(client_alice: Client):
    headers = {
        "HX-Request": "true",
        "HX-Trigger": "customers-search",
        "HX-Current-URL": "http://x/customers/?s=name",
    }
    first = client_alice.get("/customers/?q=a&s=name", headers=headers)
    assert first.headers["HX-Push-Url"] == "/customers/?q=a&s=name"
    headers["HX-Current-URL"] = "http://x/customers/?q=a&s=name"
    second = client_alice.get("/customers/?q=ab&s=name", headers=headers)
    assert second.headers["HX-Replace-Url"] == "/customers/?q=ab&s=name"


@pytest.mark.parametrize(
    ("ticked_s", "heard_s", "stale"),
    [(1, 1, False), (60, 1, True), (1, 60, True), (None, 1, True), (1, None, True)],
)
def test_figures_are_stale_when_the_pulse_or_every_switch_is_silent(
    client_alice: Client, ticked_s: int | None, heard_s: int | None, stale: bool
):
    def ago(seconds: int | None) -> datetime | None:
        return None if seconds is None else timezone.now() - timedelta(seconds=seconds)

    FeedState.objects.update_or_create(pk=1, defaults={"ticked_at": ago(ticked_s), "heard_at": ago(heard_s)})
    assert client_alice.get(ACTIVE).context["feed"].stale is stale


def test_the_poll_answers_json_or_nothing_and_is_never_cached(client_alice: Client):
    customer = quiet("Ada")
    page = client_alice.get(ACTIVE)
    url = f"{page.context['poll_url']}&ids={customer.pk}&since={page.context['revision']}"
    assert client_alice.get(url).status_code == 204
    factories.set_figures(customer, channels=3)
    answer = client_alice.get(url)
    assert "no-store" in answer.headers["Cache-Control"]
    assert "|3;|" in answer.json()["rows"][str(customer.pk)]


def test_polls_share_their_totals_for_seconds_but_never_across_what_people_may_see(
    client_alice: Client, client_rita: Client, reseller_a: Any
):
    factories.set_figures(quiet("Mine", reseller=reseller_a), channels=1)
    factories.set_figures(quiet("Nobodys"), channels=90)
    pages = {client: client.get(ACTIVE).context["poll_url"] for client in (client_alice, client_rita)}
    for client, url in pages.items():
        with CaptureQueriesContext(connection) as captured:
            totals = client.get(f"{url}&ids=&since=").json()["totals"]
        assert not [
            query for query in captured if "FILTER (WHERE" in query["sql"]
        ]  # no scan: a page just made one
        assert ("Channels 91" in text_of(totals)) == (client is client_alice)
    assert "Channels 1" in text_of(client_rita.get(f"{pages[client_rita]}&ids=&since=").json()["totals"])


def test_a_page_counts_anew_although_polls_share(client_alice: Client):
    quiet("Ada")
    client_alice.get(ACTIVE)
    quiet("Bea")
    assert text_of(client_alice.get(ACTIVE).context["totals_bar"]).startswith("2 customers")


def test_a_poll_works_while_the_cache_is_away(
    client_alice: Client, settings: Any, caplog: pytest.LogCaptureFixture
):
    customer = quiet("Ada")
    nowhere = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = {"default": nowhere}
    url = client_alice.get(ACTIVE).context["poll_url"]
    assert client_alice.get(f"{url}&ids={customer.pk}&since=").json()["rows"][str(customer.pk)]
    assert "the cache does not answer" in caplog.text


def test_a_resellers_page_costs_no_more_than_anybodys(client_rita: Client, reseller_a: Any):
    quiet("Mine", reseller=reseller_a)
    with CaptureQueriesContext(connection) as captured:
        assert list(rows_of(client_rita.get(ACTIVE))) == ["Mine"]
    assert len(captured) <= MOST_QUERIES, "\n".join(each["sql"] for each in captured)


def test_a_warning_leads_to_the_customer_where_its_own_tab_is_closed_to_the_reader(
    client_bob: Client, bob: User
):
    for permission in ("customers.view_customer", "customers.view_every_customer"):
        grant_to(bob)(permission)
    bare = factories.make_customer(name="Bare", debit_limit=0)
    cell = rows_of(client_bob.get(ACTIVE)).popitem()[1]["name"]
    assert {link for link in cell["links"] if "icons" not in link} == {f"/customers/{bare.pk}/"}
    assert "0.00" not in cell["text"]  # sums are for those who may see credit


def test_with_old_figures_nobody_is_known_to_be_dialing(client_alice: Client):
    words = "nobody can be known to be dialing"
    quiet("Ada")
    assert words in client_alice.get("/customers/?f.status=in:dialing&s=name").content.decode()
    assert words not in client_alice.get(ACTIVE).content.decode()


def test_the_head_of_the_credit_says_that_amounts_are_not_converted(client_alice: Client):
    quiet("Ada")
    assert "different currencies are not converted" in client_alice.get(ACTIVE).content.decode()
