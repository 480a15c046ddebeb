"""The poll: only what changed, nothing if nothing did, and never a row that may no longer be seen."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.http import QueryDict

from customers.grids import CustomerGrid
from customers.models import Customer, Listing
from grids import live
from tests import factories
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
    assert "<b>7</b>" in found["rows"][str(three[1].pk)]["channels"]
    assert found["members_changed"] is False
    assert poll(alice, (shown[0], found["revision"])) is None


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
    assert "<b>0</b>" in found["rows"][str(three[0].pk)]["channels"]  # struck out, but not with old figures


def test_rows_do_not_move_by_themselves_when_figures_change_their_order(alice: User, three: list[Customer]):
    shown = screen(alice, "s=channels")
    factories.set_figures(three[0], channels=9)
    found = poll(alice, shown, "s=channels")
    assert found is not None
    assert found["order_changed"] == 3
    assert found["members_changed"] is False
    assert poll(alice, (shown[0], found["revision"]), "s=channels") is None


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
