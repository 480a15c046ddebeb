"""The poll: only what changed, nothing if nothing did, and never a row that may no longer be seen."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from customers.grids import CustomerGrid
from customers.models import Customer, Listing, Sparkline
from customers.querysets import eyes_of
from grids import live
from grids.shared import SharedGrids
from tests import factories
from tests.conftest import browser_of
from users.models import User
from users.roles import Role

pytestmark = pytest.mark.django_db


def look(user: User, query: str = "s=name") -> CustomerGrid:
    return CustomerGrid(user=user, params=QueryDict(query), path="/customers/")


def screen(user: User, query: str = "s=name") -> tuple[list[Any], str]:
    """What a browser holds after drawing the page: ids in order, and the revision."""
    grid = look(user, query)
    return [row["pk"] for row in grid.rows], live.revision(grid)


def poll(user: User, shown: tuple[list[Any], str], query: str = "s=name") -> dict[str, Any] | None:
    return live.answer(look(user, query), *shown)


def after(shown: tuple[list[Any], str], found: dict[str, Any]) -> tuple[list[Any], str]:
    """What the browser holds once it has taken an answer."""
    return shown[0], live.revised(shown[1], len(shown[0]), found)


@pytest.fixture
def three(db: None) -> list[Customer]:
    return [factories.make_customer(name=name) for name in ("Ada", "Bea", "Cid")]


def test_nothing_changed_is_no_answer(alice: User, three: list[Customer]):
    shown = screen(alice)
    assert poll(alice, shown) is None


def test_only_rows_whose_figures_changed_come_back(alice: User, three: list[Customer]):
    shown = screen(alice)
    factories.set_figures(three[1], channels=7)
    found = poll(alice, shown)
    assert found is not None
    assert list(found["rows"]) == [str(three[1].pk)]
    assert "|7;|" in found["rows"][str(three[1].pk)]
    assert found["members_changed"] is False
    assert poll(alice, after(shown, found)) is None


def test_totals_and_counts_come_along_when_they_changed(alice: User, three: list[Customer]):
    shown = screen(alice)
    factories.set_figures(three[0], channels=3)
    found = poll(alice, shown)
    assert found is not None
    assert found["choices"]["status"]["dialing"] == "1"
    assert "<b>3</b>" in found["totals"]


def test_a_new_row_and_a_deleted_one_ask_for_the_page_anew(alice: User, three: list[Customer]):
    shown = screen(alice)
    factories.make_customer(name="Abe")
    found = poll(alice, shown)
    assert found is not None
    assert found["members_changed"] is True
    shown = screen(alice)
    Listing.objects.filter(pk=three[2].pk).delete()
    found = poll(alice, shown)
    assert found is not None
    assert found["members_changed"] is True


def test_a_row_that_no_longer_matches_the_filter_leaves(alice: User, three: list[Customer]):
    factories.set_figures(three[0], channels=1)
    shown = screen(alice, "f.status=in:dialing&s=name")
    assert shown[0] == [three[0].pk]
    factories.set_figures(three[0], channels=0)
    found = poll(alice, shown, "f.status=in:dialing&s=name")
    assert found is not None
    assert found["members_changed"] is True
    assert found["gone"] == [str(three[0].pk)]
    assert "|0;|" in found["rows"][str(three[0].pk)]  # struck out, but not with old figures


def test_rows_do_not_move_by_themselves_when_figures_change_their_order(alice: User, three: list[Customer]):
    shown = screen(alice, "s=channels")
    factories.set_figures(three[0], channels=9)
    found = poll(alice, shown, "s=channels")
    assert found is not None
    assert found["order_changed"] == 3
    assert found["members_changed"] is False
    assert poll(alice, after(shown, found), "s=channels") is None


def test_a_row_lost_to_another_reseller_is_gone_at_the_next_poll(
    rita: User, reseller_a: Any, reseller_b: Any, three: list[Customer]
):
    Customer.objects.filter(pk=three[0].pk).update(reseller=reseller_a)
    shown = screen(rita)
    assert shown[0] == [three[0].pk]
    Customer.objects.filter(pk=three[0].pk).update(reseller=reseller_b)
    factories.set_figures(three[0], channels=99)
    found = poll(rita, shown)
    assert found is not None
    assert found["rows"] == {}
    assert found["gone"] == [str(three[0].pk)]
    assert found["members_changed"] is True


def test_ids_of_others_bring_nothing(rita: User, reseller_a: Any, three: list[Customer]):
    ids = live.read_ids(look(rita), ",".join(str(one.pk) for one in three))
    found = live.answer(look(rita), ids, "")
    assert found is not None
    assert found["rows"] == {}
    assert "Ada" not in str(found)


def test_ids_that_are_none_are_left_out(alice: User):
    grid = look(alice)
    assert live.read_ids(grid, "1,x,,2,1,99999999999999999999999,-1,\x00") == [1, 2, -1]
    assert len(live.read_ids(grid, ",".join(map(str, range(1000))))) == grid.max_per_page


def test_a_broken_revision_brings_everything(alice: User, three: list[Customer]):
    ids, _ = screen(alice)
    for since in ("", "x", ".", "a.b.c", "💥"):
        found = poll(alice, (ids, since))
        assert found is not None
        assert len(found["rows"]) == 3


def test_the_first_row_of_an_empty_list_asks_for_the_page(alice: User, three: list[Customer]):
    query = "f.status=in:dialing&s=-channels"
    shown = screen(alice, query)
    assert shown[0] == []
    factories.set_figures(three[1], channels=1)
    found = poll(alice, shown, query)
    assert found is not None
    assert found["members_changed"] is True


def test_a_page_that_is_not_full_takes_in_rows_although_figures_sort_it(alice: User, three: list[Customer]):
    query = "f.status=in:dialing&s=-channels&n=2"
    shown = screen(alice, query)
    assert shown[0] == []
    for channels, customer in enumerate(three, start=1):
        factories.set_figures(customer, channels=channels)
    found = poll(alice, shown, query)
    assert found is not None
    assert (found["members_changed"], found["came"]) == (True, 2)


def test_a_full_page_sorted_by_figures_keeps_its_rows(alice: User, three: list[Customer]):
    for channels, customer in enumerate(three, start=1):
        factories.set_figures(customer, channels=channels)
    shown = screen(alice, "s=-channels&n=2")
    factories.set_figures(three[0], channels=99)
    found = poll(alice, shown, "s=-channels&n=2")
    assert found is not None
    assert found["members_changed"] is False


def test_a_revision_holds_nothing_of_sums_its_reader_may_not_see(three: list[Customer]):
    noc = factories.make_staff(role=Role.OPERATIONS)
    finance = factories.make_staff(role=Role.FINANCE)
    factories.set_figures(three[0], balance=50)  # no warning comes or goes with the sum
    shown, seen_by_finance = screen(noc), screen(finance)
    factories.set_figures(three[0], balance=Decimal("77.5"), charge_today=3)
    assert screen(noc) == shown
    assert screen(finance) != seen_by_finance


def test_a_warning_without_its_sums_is_still_news(three: list[Customer]):
    noc = factories.make_staff(role=Role.OPERATIONS)
    factories.make_ip_auth(three[0])
    shown = screen(noc)
    factories.make_route(three[0])
    assert screen(noc) != shown


def test_a_revision_is_for_one_person_and_no_checksum_anybody_could_try_out(
    alice: User, three: list[Customer], settings: Any
):
    assert screen(alice) != screen(factories.make_staff())
    shown = screen(alice)
    settings.SECRET_KEY = "another"
    assert screen(alice) != shown


# --- What a change costs


def test_figures_words_and_curves_come_apart(alice: User, three: list[Customer]):
    shown = screen(alice)
    factories.set_figures(three[0], channels=4)
    found = poll(alice, shown)
    assert found is not None
    assert list(found["rows"]) == [str(three[0].pk)]
    assert "cells" not in found
    assert "curves" not in found
    shown = screen(alice)
    Customer.objects.filter(pk=three[0].pk).update(status="inactive")
    found = poll(alice, shown)
    assert found is not None
    assert found["rows"] == {}
    assert 'data-status="inactive"' in found["cells"][str(three[0].pk)]["status"]
    shown = screen(alice)
    Sparkline.objects.create(customer=three[0], hour=timezone.now(), points=[0] * 23 + [7])
    Listing.objects.filter(pk=three[0].pk).update(cps_peak_24h=1)  # as the pulse would: a figure moves too
    found = poll(alice, shown)
    assert found is not None
    assert "<svg" in found["curves"][str(three[0].pk)]["cps"]


def test_ten_of_fifty_rows_fit_in_two_kilobytes(client_alice: Client):
    made = [factories.make_customer(name=f"Company {number:02}") for number in range(50)]
    for number, one in enumerate(made):
        figures = {"balance": Decimal("18420.55") + number, "channels": 90 + number, "attempts_24h": 21_400,
                   "connected_24h": 9_811, "duration_ms_24h": 1_840_400_000, "pdd_sum_ms_24h": 1_000_000,
                   "pdd_count_24h": 900, "cps": Decimal("14.2"), "last_call_at": timezone.now()}  # fmt: skip
        factories.set_figures(one, **figures)
    page = client_alice.get("/customers/?s=name").content.decode()
    ids = ",".join(str(one.pk) for one in made)
    since = re.search(r'data-revision="([^"]*)"', page)
    assert since
    headers = {"X-Since": since[1]}
    assert client_alice.get(f"/customers/live/?s=name&ids={ids}", headers=headers).status_code == 204
    for number, one in enumerate(made[:10]):
        factories.set_figures(one, channels=3 + number, cps=Decimal("3.5"), attempts_24h=21_500)
    answer = client_alice.get(f"/customers/live/?s=name&ids={ids}", headers=headers)
    assert len(answer.json()["rows"]) == 10
    assert len(answer.content) <= 2048, answer.content


def test_a_quiet_poll_asks_for_session_user_and_one_statement_more(
    client_alice: Client, three: list[Customer]
):
    page = client_alice.get("/customers/?s=name").content.decode()
    since = re.search(r'data-revision="([^"]*)"', page)
    assert since
    url = "/customers/live/?s=name&ids=" + ",".join(str(one.pk) for one in three)
    client_alice.get(url, headers={"X-Since": since[1]})
    with CaptureQueriesContext(connection) as captured:
        assert client_alice.get(url, headers={"X-Since": since[1]}).status_code == 204
    assert len(captured) == 3, "\n".join(query["sql"] for query in captured)


# --- What is shared, and with whom


def live_url(ids: list[Any]) -> str:
    return "/customers/live/?s=name&ids=" + ",".join(str(pk) for pk in ids)


def test_a_right_taken_away_holds_at_the_next_poll_although_others_keep_it(three: list[Customer]):
    finance = [factories.make_staff(role=Role.FINANCE) for _person in range(2)]
    browsers = [browser_of(person, factories.STAFF_HOST) for person in finance]
    factories.set_figures(three[0], balance=Decimal("4321.5"))
    url = live_url([one.pk for one in three])
    assert all("4321.5" in browser.get(url).content.decode() for browser in browsers)
    narrow = Group.objects.create(name="No money")
    finance_group = Group.objects.get(name=Role.FINANCE)
    narrow.permissions.set(finance_group.permissions.exclude(codename="view_credit"))
    finance[0].groups.set([narrow])
    assert "4321.5" not in browsers[0].get(url).content.decode()
    assert "4321.5" in browsers[1].get(url).content.decode()
    finance[0].groups.clear()
    assert browsers[0].get(url).status_code == 403
    finance_group.permissions.remove(Permission.objects.get(codename="view_credit"))
    assert "4321.5" not in browsers[1].get(url).content.decode()


def test_nobody_is_answered_from_the_rows_of_somebody_elses_choice(
    alice: User, anna: User, rita: User, rolf: User, reseller_a: Any, reseller_b: Any
):
    """All of the same rights, so that nothing but the choice of rows tells them apart."""
    everybody = Group.objects.get(name=Role.ADMINISTRATOR)
    for person in (rita, rolf):
        person.groups.set([everybody])
    a, b = factories.make_customer(reseller=reseller_a), factories.make_customer(reseller=reseller_b)
    managed = factories.make_customer(account_manager=anna)
    expected = {alice: {a, b, managed}, rita: {a}, rolf: {b}, anna: {managed}}
    url = live_url([a.pk, b.pk, managed.pk])
    for _round in range(2):
        for person, customers in expected.items():
            found = browser_of(person, factories.STAFF_HOST).get(url).json()
            assert set(found["rows"]) == {str(one.pk) for one in customers}
    other = factories.make_staff(role=Role.ACCOUNT_MANAGER)
    assert browser_of(other, factories.STAFF_HOST).get(url).json()["rows"] == {}


def test_equal_eyes_see_equal_rows_and_others_do_not(alice, bob, anna, rita, rolf):
    """The short form of the choice of rows, beside the choice itself."""
    people = [alice, bob, anna, rita, rolf, factories.make_staff(), factories.make_staff(role=Role.SUPPORT)]
    people += [factories.make_staff(role=Role.ACCOUNT_MANAGER), factories.make_staff(role=None)]
    seen = {person: str(_sql(Listing.objects.visible_to(person))) for person in people}
    eyes = {person: eyes_of(person, frozenset(person.get_all_permissions())) for person in people}
    for one in people:
        for other in people:
            assert (seen[one] == seen[other]) == (eyes[one] == eyes[other]), (one, other)


def _sql(rows: Any) -> str:
    try:
        return str(rows.query)
    except EmptyResultSet:
        return "nothing"


@pytest.mark.parametrize("role", [*Role, None])
def test_the_rights_of_a_poll_are_those_of_any_page(role: Role | None):
    person = factories.make_staff(role=role)
    assert CustomerGrid.glance(person).rights == person.get_all_permissions()
    person.is_active = False
    assert CustomerGrid.glance(person).rights == frozenset()


def test_a_superuser_is_answered_too(three: list[Customer]):
    root = factories.make_staff(role=None, is_superuser=True)
    assert len(browser_of(root, factories.STAFF_HOST).get(live_url([three[0].pk])).json()["rows"]) == 1


def test_lists_kept_for_sharing_are_few_and_the_latest_used_stay():
    kept = SharedGrids(most=2)
    made = iter(range(100))

    def get(key: str, version: str = "1") -> Any:
        return kept.get(key, version, lambda: next(made))  # type: ignore[arg-type,return-value]

    assert [get("a"), get("a"), get("b"), get("a"), get("c"), get("a"), get("b")] == [0, 0, 1, 0, 2, 0, 3]
    assert get("a", "2") == 4
    assert [get("x", ""), get("x", "")] == [5, 6]


def test_lists_that_are_too_old_are_let_go(monkeypatch: pytest.MonkeyPatch):
    clock = [0.0]
    monkeypatch.setattr("grids.shared.time.monotonic", lambda: clock[0])
    kept = SharedGrids()
    kept.get("a", "1", lambda: object())  # type: ignore[arg-type,return-value]
    clock[0] = 60.0
    kept.get("b", "1", lambda: object())  # type: ignore[arg-type,return-value]
    assert list(kept._kept) == ["b"]
