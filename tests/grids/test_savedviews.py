"""Saved views: what they hold and leave alone, who sees and changes them, where a bare address leads."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from grids import savedviews
from grids.models import Habit, SavedView, Scope
from tests import factories
from tests.conftest import browser_of
from tests.factories import STAFF_HOST
from tests.pages import links, words
from users.models import User
from users.roles import Role

pytestmark = pytest.mark.django_db
USUAL = "/customers/?f.status=in:active&s=name"
DEBTORS = "g=currency&f.credit=lt:0&s=credit"


@pytest.fixture
def ben(db: None) -> User:
    return factories.make_staff(role=Role.SUPPORT, name="Ben Brown")


@pytest.fixture
def client_ben(ben: User) -> Client:
    return browser_of(ben, STAFF_HOST)


def save(browser: Client, query: str = DEBTORS, **fields: Any) -> Any:
    """The answer to saving what an address shows."""
    chosen = {
        "do": "save",
        "name": "Debtors",
        "families": ["layout", "filters", "sort"],
        "scope": "me",
        **fields,
    }
    return browser.post(f"/customers/views/?{query}", chosen)


def saved(name: str = "Debtors") -> SavedView:
    return SavedView.objects.get(name=name)


def tabs(browser: Client, address: str = USUAL) -> dict[str, str]:
    """Name of each tab -> its address."""
    page = browser.get(address)
    return {tab["name"]: tab["url"] for tab in page.context["shelf"].tabs}


# --- What a view holds


@pytest.mark.accept("G-50", part="saved and shared under a name; reset by hand in the browser's test")
def test_a_view_keeps_what_is_shown_and_its_tab_leads_there(client_alice):
    answer = save(client_alice)
    assert answer.url == f"/customers/?{DEBTORS}&v={saved().pk}"
    assert tabs(client_alice) == {"Debtors": answer.url}
    assert "Debtors" in words(client_alice.get(answer.url), "aria-label", "Views")


def test_a_layout_never_drops_filters_nor_the_other_way(client_alice):
    save(client_alice, "c=name,credit&g=status&f.credit=lt:0&s=-credit", name="Layout", families=["layout"])
    save(client_alice, "c=name&f.credit=lt:0&s=-credit", name="Filters", families=["filters"])
    found = tabs(client_alice, "/customers/?c=name,asr&f.status=in:penalty&q=nova&s=asr")
    layout, filters = (parse_qs(urlsplit(found[name]).query) for name in ("Layout", "Filters"))
    assert (layout["c"], layout["g"]) == (["name,credit"], ["status"])
    assert (layout["f.status"], layout["q"], layout["s"]) == (["in:penalty"], ["nova"], ["asr"])
    assert (filters["f.credit"], filters["c"], filters["s"]) == (["lt:0"], ["name,asr"], ["asr"])
    assert "f.status" not in filters
    assert "q" not in filters


def test_a_changed_view_says_so_and_can_be_reverted_and_saved(client_alice):
    save(client_alice)
    view = saved()
    changed = f"/customers/?g=status&f.credit=lt:0&s=credit&v={view.pk}"
    page = client_alice.get(changed)
    assert "View changed" in words(page)
    assert f"/customers/?{DEBTORS}&v={view.pk}" in links(page)
    answer = client_alice.post(
        changed.replace("/?", "/views/?"),
        {"do": "overwrite", "view": view.pk},
        headers={"HX-Request": "true"},
    )
    assert answer["HX-Redirect"] == changed
    view.refresh_from_db()
    assert view.query == "g=status&f.credit=lt:0&s=credit"
    assert "View changed" not in words(client_alice.get(changed))


def test_other_pages_and_panels_do_not_change_a_view(client_alice):
    save(client_alice, "f.status=in:active&s=name", name="Plain")
    page = client_alice.get(f"{USUAL}&page=1&panel=columns&v={saved('Plain').pk}")
    assert "View changed" not in words(page)


def test_saving_again_under_a_name_overwrites_and_makes_no_second(client_alice):
    save(client_alice)
    save(client_alice, "f.credit=lt:-5&s=credit", name="debtors")
    assert [(view.name, view.query) for view in SavedView.objects.all()] == [
        ("debtors", "f.credit=lt:-5&s=credit")
    ]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": ""}, "This field is required"),
        ({"name": "x" * 61}, "at most 60 characters"),
        ({"name": "a\x00"}, "Null characters"),
        ({"families": []}, "This field is required"),
        ({"families": ["place"]}, "Select a valid choice"),
        ({"scope": "world"}, "Select a valid choice"),
        ({"scope": "role", "role": ""}, "Choose the role"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_saved(client_alice, wrong, said):
    answer = save(client_alice, **wrong)
    assert answer.status_code == 422
    assert said in words(answer)
    assert not SavedView.objects.exists()


def test_a_hundred_views_are_enough(client_alice, alice):
    SavedView.objects.bulk_create(
        SavedView(grid="customers", owner=alice, name=f"View {n}", families=["sort"], query="s=name")
        for n in range(savedviews.MOST_VIEWS)
    )
    assert "You have 100 views of this list already" in words(save(client_alice))
    assert save(client_alice, name="View 1").status_code == 302


def test_names_are_text(client_alice):
    save(client_alice, name="<b>x</b>")
    assert "&lt;b&gt;x&lt;/b&gt;</a>" in client_alice.get(USUAL).content.decode()


# --- Who sees and changes it


@pytest.mark.accept("G-50", part="shared with a role and with everybody")
def test_a_view_is_seen_by_whom_it_is_for(client_alice, client_ben, client_rita):
    support = Group.objects.get(name=Role.SUPPORT)
    save(client_alice, name="Mine")
    save(client_alice, name="All", scope="everyone")
    save(client_alice, name="Support", scope="role", role=support.pk)
    save(client_alice, name="Finance", scope="role", role=Group.objects.get(name=Role.FINANCE).pk)
    assert set(tabs(client_alice)) == {"Mine", "All", "Support", "Finance"}
    assert set(tabs(client_ben)) == {"All", "Support"}
    assert tabs(client_rita) == {}, "a reseller's people have views of their own"


def test_a_resellers_views_stay_among_its_people(client_rita, client_alice, reseller_a, reseller_b):
    save(client_rita, "f.status=in:active&s=name", name="Hers", scope="everyone")
    colleague = factories.make_staff(role=Role.RESELLER, reseller=reseller_a)
    stranger = factories.make_staff(role=Role.RESELLER, reseller=reseller_b)
    assert set(tabs(browser_of(colleague, STAFF_HOST))) == {"Hers"}
    assert tabs(browser_of(stranger, STAFF_HOST)) == {}
    assert tabs(client_alice) == {}


def test_who_may_not_share_saves_for_itself_alone(client_ben):
    assert "scope" not in client_ben.get(f"/customers/views/?{DEBTORS}").context["form"].fields
    save(client_ben, "f.status=in:active&s=name", scope="everyone")
    assert saved().scope == Scope.ME


def test_only_who_may_changes_a_view(client_alice, client_ben, ben):
    save(client_alice, scope="everyone")
    view = saved()
    for act in ("overwrite", "delete"):
        answer = client_ben.post(f"/customers/views/?{DEBTORS}", {"do": act, "view": view.pk})
        assert answer.status_code == 403, act
    other = browser_of(factories.make_staff(role=Role.OPERATIONS), STAFF_HOST)
    SavedView.objects.update(locked=True)
    assert other.post(f"/customers/views/?{DEBTORS}", {"do": "delete", "view": view.pk}).status_code == 403
    SavedView.objects.update(locked=False)
    assert other.post(f"/customers/views/?{DEBTORS}", {"do": "delete", "view": view.pk}).status_code == 302
    assert not SavedView.objects.exists()


def test_a_view_of_others_is_as_one_that_never_was(client_alice, client_ben):
    save(client_alice)
    foreign, none = saved().pk, 987654
    for pk in (foreign, none):
        page = client_ben.get(f"{USUAL}&v={pk}")
        assert page.status_code == 200
        assert "This view was deleted, or is not shared with you." in page.content.decode()
        for act in ("overwrite", "delete", "begin"):
            assert client_ben.post(f"/customers/views/?{DEBTORS}", {"do": act, "view": pk}).status_code == 404


def test_a_view_with_columns_that_one_may_not_see_shows_chips_and_no_column(client_alice, client_ben):
    save(client_alice, scope="everyone")
    page = client_ben.get(tabs(client_ben)["Debtors"])
    assert page.status_code == 200
    assert "There is no filter of this name." in page.content.decode()
    assert "credit" not in page.context["grid"].columns


# --- Where a bare address leads


def leads(browser: Client) -> str:
    return browser.get("/customers/").url


@pytest.mark.accept("G-49", part="the rule; by hand in the browser's test")
def test_mine_comes_before_my_habit_before_my_roles_before_the_usual(client_alice, client_ben):
    support = Group.objects.get(name=Role.SUPPORT)
    assert leads(client_ben) == USUAL

    save(
        client_alice,
        "f.status=in:penalty&s=name",
        name="Role",
        scope="role",
        role=support.pk,
        is_default="on",
    )
    assert leads(client_ben) == f"/customers/?f.status=in:penalty&s=name&v={saved('Role').pk}"

    client_ben.get("/customers/?c=name,asr&s=-asr&page=1", headers={"HX-Request": "true"})
    assert leads(client_ben) == "/customers/?c=name,asr&s=-asr"

    save(client_ben, "f.status=in:inactive&s=name", name="Mine", mine="on")
    assert leads(client_ben) == f"/customers/?f.status=in:inactive&s=name&v={saved('Mine').pk}"

    client_ben.post("/customers/views/?s=name", {"do": "forget"})
    assert leads(client_ben) == "/customers/?c=name,asr&s=-asr"


def test_a_view_that_is_gone_or_no_longer_shared_is_no_beginning(client_alice, client_ben):
    save(client_alice, scope="everyone")
    client_ben.post("/customers/views/?s=name", {"do": "begin", "view": saved().pk})
    assert "v=" in leads(client_ben)
    SavedView.objects.update(scope=Scope.ME)
    assert leads(client_ben) == USUAL
    SavedView.objects.all().delete()
    assert leads(client_ben) == USUAL


def test_a_link_from_elsewhere_is_looked_at_and_becomes_no_habit(client_ben):
    client_ben.get("/customers/?c=name&s=name")
    assert leads(client_ben) == USUAL
    client_ben.get("/customers/?c=name&s=name", headers={"Referer": f"http://{STAFF_HOST}/customers/?s=name"})
    assert leads(client_ben) == "/customers/?c=name&s=name"


def test_what_is_not_understood_becomes_no_habit(client_ben):
    client_ben.get("/customers/?f.nonsense=in:1&s=name", headers={"HX-Request": "true"})
    assert not Habit.objects.exists()


def test_a_role_has_one_default(client_alice):
    support = Group.objects.get(name=Role.SUPPORT)
    for name in ("One", "Two"):
        save(client_alice, name=name, scope="role", role=support.pk, is_default="on")
    assert [view.name for view in SavedView.objects.filter(is_default=True)] == ["Two"]


def test_views_cost_two_queries_however_many_there_are(client_alice, alice):
    client_alice.get(USUAL)
    with CaptureQueriesContext(connection) as without:
        client_alice.get(USUAL)
    for number in range(20):
        SavedView.objects.create(
            grid="customers", owner=alice, name=f"View {number}", families=["sort"], query="s=name"
        )
    with CaptureQueriesContext(connection) as many:
        client_alice.get(USUAL)
    assert len(many) == len(without) <= 8


def test_a_poll_knows_no_views(client_alice):
    save(client_alice)
    page = client_alice.get(tabs(client_alice)["Debtors"])
    assert "v=" not in page.context["poll_url"]
