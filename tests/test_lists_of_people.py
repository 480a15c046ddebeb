"""Contacts, users and acts as grids: what is found, and whose rows a reseller's user sees."""

from __future__ import annotations

import pytest
from django.test import Client

from audit.models import Act, ActKind
from grids.testing import seen
from setup.models import Reseller
from tests import factories
from tests.conftest import browser_of
from tests.factories import STAFF_HOST
from tests.pages import links, words
from users.models import User
from users.roles import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def mighty_rita(rita: User) -> Client:
    """A reseller's user with every right there is."""
    rita.groups.add(*factories.make_staff(role=Role.ADMINISTRATOR).groups.all())
    return browser_of(rita, STAFF_HOST)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("q=ana", ["Ana"]), ("q=%2B4930", ["Bo"]), ("q=nordhav", ["Bo"]), ("f.type=in:billing", ["Ana"]),
        ("q=company:Nordhav", ["Bo"]), ("f.portal=in:yes", ["Bo"]), ("q=mobile:blank", ["Ana"]),
        ("f.email_verified=blank:", ["Ana", "Bo"]),
    ],
)  # fmt: skip
def test_contacts_of_all_customers_are_found_by_what_is_known_of_them(client_alice: Client, asked, found):
    factories.make_contact(customer=factories.make_customer(name="Altavox"), name="Ana", type="billing")
    nordhav = factories.make_customer(name="Nordhav")
    factories.make_contact(customer=nordhav, name="Bo", phone="+4930123", mobile="+49171", sign_in=True)
    page = client_alice.get(f"/contacts/?s=name&{asked}", follow=True)
    assert seen(page).bad_chips == 0
    assert [row["name"] for row in page.context["grid"].rows] == found
    if "Bo" in found:
        assert f"/customers/{nordhav.pk}/" in links(page)
        assert f"/customers/{nordhav.pk}/contacts/" in links(page)


def test_a_resellers_user_sees_contacts_of_own_customers(
    client_rita: Client, reseller_a: Reseller, reseller_b: Reseller
):
    for reseller, name in ((reseller_a, "Mine"), (reseller_b, "Strange"), (None, "Direct")):
        factories.make_contact(customer=factories.make_customer(reseller=reseller), name=name)
    page = client_rita.get("/contacts/?s=name")
    assert [row["name"] for row in page.context["grid"].rows] == ["Mine"]
    for asked in ("q=Strange", "g=company", "g=type&p=portal", "panel=filters.company", "f.company=blank:"):
        shown = client_rita.get(f"/contacts/?s=name&{asked}").content.decode()
        assert "Direct" not in shown
        assert "Strange</" not in shown


def test_a_resellers_user_sees_own_users_and_their_acts(mighty_rita: Client, rita: User, alice: User):
    Act.objects.create(kind=ActKind.SIGNED_OUT, user=alice, email=alice.email)
    Act.objects.create(kind=ActKind.SIGNED_OUT, user=rita, email=rita.email)
    Act.objects.create(kind=ActKind.SIGN_IN_FAILED, email="nobody@example.com")
    users = mighty_rita.get("/users/?s=email")
    assert [row["email"] for row in users.context["grid"].rows] == [rita.email]
    acts = mighty_rita.get("/audit/?s=-at&f.kind=not-in:signed_in")
    assert [row["email"] for row in acts.context["grid"].rows] == [rita.email]
    for page in (
        users,
        acts,
        mighty_rita.get("/audit/?s=-at&c=at,user&g=user"),
        mighty_rita.get("/users/?g=roles"),
    ):
        assert alice.email not in page.content.decode()


def test_users_tell_their_roles_and_when_they_were_last_here(client_alice: Client, alice: User):
    factories.make_staff(role=Role.SUPPORT, email="sue@example.com")
    page = client_alice.get("/users/?s=email&f.roles=in:support")
    assert [row["email"] for row in page.context["grid"].rows] == ["sue@example.com"]
    assert "Support" in words(page)
    both = client_alice.get("/users/?s=email&f.roles=in:support,administrator")
    assert [row["email"] for row in both.context["grid"].rows] == [alice.email, "sue@example.com"]


def test_acts_are_never_counted_and_come_latest_first(client_alice: Client, alice: User):
    for number in range(3):
        Act.objects.create(kind=ActKind.CODE_FAILED, user=alice, email=alice.email, detail=f"n{number}")
    page = client_alice.get("/audit/?f.kind=in:code_failed&s=-at&n=2")
    assert [row["detail"] for row in page.context["grid"].rows] == ["n2", "n1"]
    assert "2 acts on this page" in words(page)
    assert "/audit/" in links(client_alice.get("/find/?q=audit"))
