"""Every URL of both sites: strangers, people without rights, people of others, wrong methods.

The doors are found in the URLconfs, so a new one is tried here from its first day.
"""

from __future__ import annotations

import re
import time
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from calls.models import Cdr, Dialog, DialogState, LiveSample, MinuteBucket
from contacts.models import Contact
from customers.models import BulkChange, Customer, Listing, ScheduledChange
from imports.models import Upload
from routing.models import IngressRoute, IpAuth, SipUser
from setup.models import Reseller
from tests import factories
from tests.conftest import browser_of
from tests.doors import Door, UnknownParameter, World, portal_doors, staff_doors
from tests.factories import PORTAL_HOST, STAFF_HOST
from users.models import Kind, User
from users.roles import Role

LOGIN = "/accounts/login/"
STAFF_DOORS = staff_doors()
PORTAL_DOORS = portal_doors()

# Doors that must open for people who are nobody yet.
FOR_STRANGERS = {
    "account_login",
    "account_logout",
    "account_inactive",
    "mfa_authenticate",
    "mfa_login_webauthn",
}
# On the customers' site alone: the link from a mail is its own proof.
FOR_STRANGERS_ON_THE_PORTAL = {"portal_set_password"}
# What a person decides about the own sign-in; rows of others are tried in tests/users.
FOR_OWNERS = {
    "account_change_password",
    "account_reauthenticate",
    "account_security",
    "account_add_app",
    "account_remove_app",
    "account_add_passkey",
    "account_rename_passkey",
    "account_remove_passkey",
    "account_codes",
    "account_make_codes",
    "account_download_codes",
    "account_end_session",
    "account_end_other_sessions",
}
# Doors for everybody who has signed in, whatever the rights; what they show is tried below.
FOR_EVERYBODY = (
    FOR_STRANGERS | FOR_OWNERS | {"home", "home_tiles", "home_rest", "live_totals", "find", "help"}
)
# Their parameters name no row.
ABOUT_NOBODY = {"help"}
# Doors for switches, which come with a token instead of a session.
FOR_SWITCHES = {
    "calls:receive_cdrs",
    "calls:receive_cdrs_v1",
    "calls:receive_dialogs",
    "calls:receive_dialogs_v1",
    "calls:receive_freeswitch",
    "calls:receive_asterisk",
    "calls:receive_kamailio",
}


def each(doors: list[Door]) -> Any:
    return pytest.mark.parametrize("door", doors, ids=str)


def without(doors: list[Door], *names: set[str]) -> list[Door]:
    return [door for door in doors if door.name not in set().union(*names)]


def make_world(reseller: Reseller | None, mark: str, number: int) -> World:
    """A customer of `reseller` with a row of each kind and traffic, recognisable by `mark` and `number`."""
    customer = factories.make_customer(
        id=number, name=f"{mark} Telecom", reseller=reseller, tags=[f"{mark}-tag"], notes=f"{mark} notes"
    )
    rows = {
        Contact: factories.make_contact(
            customer=customer, name=f"{mark} Person", email=f"{mark}@example.net"
        ),
        IpAuth: factories.make_ip_auth(
            customer, host=f"{mark}.example.net", may_send=False, is_network=False
        ),
        SipUser: factories.make_sip_user(customer, username=f"{mark}-phone"),
        IngressRoute: factories.make_route(customer, name=f"{mark} route"),
        Cdr: factories.make_cdr(customer, callid=f"{mark}-call", cli=str(number), source_ip="203.0.113.9"),
        Upload: factories.make_upload(_somebody_of(reseller), file_name=f"{mark}.csv"),
        BulkChange: BulkChange.objects.create(made_by=_somebody_of(reseller), said=[mark]),
        ScheduledChange: ScheduledChange.objects.create(
            customer=customer,
            asked_by=_somebody_of(reseller),
            run_at=timezone.now() + timedelta(days=1),
            fields={"city": mark},
            before={"city": ""},
        ),
    }
    customer.number_blocks.create(first=number, last=number)
    _give_traffic(customer, reseller)
    return World(customer, rows)


def _somebody_of(reseller: Reseller | None) -> User:
    found = User.objects.filter(reseller=reseller, kind=Kind.STAFF).first()
    return found or factories.make_staff(role=None, reseller=reseller)


def _give_traffic(customer: Customer, reseller: Reseller | None) -> None:
    now = timezone.now()
    minute = now.replace(second=0, microsecond=0)
    factories.set_figures(
        customer,
        balance=Decimal("-77.5"),
        charge_today=Decimal("13.25"),
        channels=17,
        cps=Decimal("3.5"),
        last_call_at=now,
        attempts_24h=1_000,
        connected_24h=100,
        duration_ms_24h=6_000_000,
    )
    switch, _token = factories.make_switch()
    Dialog.objects.create(
        customer_id=customer.pk,
        switch=switch,
        callid=f"call-{customer.pk}",
        state=DialogState.CONNECTED,
        started_at=now,
        seen_at=now,
        destination=f"+{customer.pk}",
    )
    MinuteBucket.objects.create(customer_id=customer.pk, minute=minute, attempts=500, connected=50)
    LiveSample.objects.get_or_create(
        minute=minute - timedelta(minutes=1),
        reseller_id=reseller.pk if reseller else None,
        account_manager_id=None,
        defaults={"channels": 17, "cps": Decimal("3.5")},
    )


A, B = ("Quokka", 300_000_017), ("Zyzzyva", 900_000_071)


def marks_of(world: World) -> list[str]:
    """Words that stand on no page unless it shows something of this world."""
    return [world.customer.name.split()[0].lower(), str(world.customer.pk)]


@pytest.fixture
def world_a(reseller_a: Reseller) -> World:
    return make_world(reseller_a, *A)


@pytest.fixture
def world_b(reseller_b: Reseller) -> World:
    return make_world(reseller_b, *B)


@pytest.fixture
def mighty_rita(rita: User) -> User:
    """rita with every right there is, so that nothing but the choice of rows stands between her and B."""
    rita.groups.add(*factories.make_staff(role=Role.ADMINISTRATOR).groups.all())
    return User.objects.get(pk=rita.pk)


def refused(answer: HttpResponse) -> bool:
    """Sent to sign in, or told so in the language of the API."""
    return answer.status_code == 401 or (
        answer.status_code == 302 and answer["Location"].startswith(f"{LOGIN}?next=")
    )


def asked_both_ways(browser: Client, door: Door, world: World) -> list[HttpResponse]:
    """The answers to reading a door and to posting to it, with the ids of `world`."""
    url = door.url(world.values(door))
    return [browser.get(url), browser.post(url)]


# --- Strangers


@each(without(STAFF_DOORS, FOR_STRANGERS))
def test_strangers_are_sent_to_sign_in(client, world_b, door):
    for answer in asked_both_ways(client, door, world_b):
        assert refused(answer) or (door.name in FOR_SWITCHES and answer.status_code == 405)


@each(without(PORTAL_DOORS, FOR_STRANGERS, FOR_STRANGERS_ON_THE_PORTAL))
def test_strangers_are_sent_to_sign_in_on_the_portal(portal_client, world_b, door):
    assert all(refused(answer) for answer in asked_both_ways(portal_client, door, world_b))


@each(without(STAFF_DOORS, FOR_STRANGERS, FOR_SWITCHES))
def test_contacts_are_strangers_on_the_staff_site(carol, world_b, door):
    assert refused(browser_of(carol, STAFF_HOST).get(door.url(world_b.values(door))))


@each(without(PORTAL_DOORS, FOR_STRANGERS, FOR_STRANGERS_ON_THE_PORTAL))
def test_staff_are_strangers_on_the_portal(alice, portal_domain, world_b, door):
    assert refused(browser_of(alice, PORTAL_HOST).get(door.url(world_b.values(door))))


@each(without(STAFF_DOORS, FOR_STRANGERS, FOR_SWITCHES))
def test_htmx_can_follow_to_the_sign_in_page(client, world_b, door):
    answer = client.get(door.url(world_b.values(door)), headers={"HX-Request": "true"})
    assert answer.status_code == 204
    assert answer["HX-Redirect"].startswith(LOGIN)


# --- Without rights


@each(without(STAFF_DOORS, FOR_EVERYBODY, FOR_SWITCHES))
def test_staff_without_a_group_may_do_nothing(client_bob, world_b, door):
    for answer in asked_both_ways(client_bob, door, world_b):
        assert answer.status_code in (403, 404, 405)
        assert_nothing_shows(answer, world_b)


@pytest.mark.accept("T-10")
@each(without(STAFF_DOORS, FOR_EVERYBODY, FOR_SWITCHES))
def test_a_resellers_user_without_a_group_may_do_nothing(reseller_a, world_a, door):
    browser = browser_of(factories.make_staff(role=None, reseller=reseller_a), STAFF_HOST)
    for answer in asked_both_ways(browser, door, world_a):
        assert answer.status_code in (403, 404, 405)
        assert_nothing_shows(answer, world_a)


@each([door for door in STAFF_DOORS if door.name in FOR_EVERYBODY and not door.parameters])
def test_what_everybody_may_open_shows_nothing_to_those_without_rights(client_bob, reseller_a, door):
    away_from_the_full_minute()
    resellers = browser_of(factories.make_staff(role=None, reseller=reseller_a), STAFF_HOST)
    before = [picture(browser, door.path) for browser in (client_bob, resellers)]
    make_world(reseller_a, *A)
    assert [picture(browser, door.path) for browser in (client_bob, resellers)] == before


# --- Wrong methods


@each(STAFF_DOORS)
def test_methods_nobody_uses_are_answered_with_405(client_alice, world_a, door):
    if door.name in FOR_STRANGERS - {"account_inactive"}:
        client_alice.logout()  # somebody who is in already is sent home, however he asks
    url = door.url(world_a.values(door))
    for method in ("DELETE", "PATCH", "TRACE"):
        assert client_alice.generic(method, url).status_code == 405


@each(STAFF_DOORS)
def test_every_door_opens_for_somebody(client_alice, world_a, door):
    """The counterpart of all refusals: with rights and the right ids there is an answer."""
    Upload.objects.update(owner=client_alice.session["_auth_user_id"])  # an upload is its owner's alone
    url = door.url(world_a.values(door))
    codes = {client_alice.get(url).status_code, client_alice.post(url).status_code}
    good = {200, 201, 204, 302, 303, 400, 409, 422} | ({401} if door.name in FOR_SWITCHES else set())
    assert codes & good, f"{url} answers {codes}"
    assert codes <= good | {405}


# --- Rows of others


def assert_nothing_shows(answer: HttpResponse, world: World) -> None:
    content = answer.content.decode().lower() + str(answer.headers).lower()
    asked = answer.wsgi_request.get_full_path().lower()
    for mark in marks_of(world):
        assert mark not in content.replace(asked, ""), f"{mark} shows on {asked}"


def away_from_the_full_minute() -> None:
    """Curves and greetings change with the minute; two pictures are compared within one."""
    if (second := timezone.now().second) >= 56:
        time.sleep(60.1 - second)


def picture(browser: Client, url: str) -> str:
    """A page without what differs each time it is drawn: tokens, request ids, clocks."""
    answer = browser.get(url, follow=True)
    page = answer.content.decode()
    for pattern, instead in (
        (r'name="csrfmiddlewaretoken" value="\w+"', ""),
        (r'"X-CSRFToken": "\w+"', ""),
        (r'data-now="\d+"', ""),
        (r"<time[^>]*>[^<]*</time>", "<time>"),
        (r"<code>\w{12}</code>", "<code>"),
        (r"since=\d+", "since="),
        (r"\d\d:\d\d:\d\d", "clock"),
    ):
        page = re.sub(pattern, instead, page)
    return f"{answer.status_code}\n{page}"


@pytest.mark.accept("T-04", part="sees only its own; making them has no page yet")
@each([door for door in STAFF_DOORS if door.parameters and door.name not in ABOUT_NOBODY])
def test_no_door_opens_with_the_ids_of_another_reseller(mighty_rita, world_a, world_b, door):
    browser = browser_of(mighty_rita, STAFF_HOST)
    own, foreign = world_a.values(door), world_b.values(door)
    for strange in foreign.keys() | {"all"}:  # each id alone smuggled into her own, then all together
        values = foreign if strange == "all" else own | {strange: foreign[strange]}
        answers = [browser.get(door.url(values)), browser.post(door.url(values))]
        codes = {answer.status_code for answer in answers}
        assert 404 in codes, f"{door.url(values)} answers {codes}"
        assert codes <= {404, 405}, f"{door.url(values)} answers {codes}"  # 405: no door for anybody
        for answer in answers:
            assert_nothing_shows(answer, world_b)


@each([door for door in STAFF_DOORS if door.parameters])
def test_with_her_own_ids_the_same_doors_open(mighty_rita, world_a, door):
    known = (200, 204, 302, 303, 405, 409, 422)
    if door.name.endswith(("_values", "_export", "_views")):
        known += (
            400,
        )  # it says that no column, format or act was named, which is past every question of rights
    for answer in asked_both_ways(browser_of(mighty_rita, STAFF_HOST), door, world_a):
        assert answer.status_code in known


@each([door for door in STAFF_DOORS if door.parameters and door.name not in ABOUT_NOBODY])
def test_a_foreign_id_and_one_that_never_was_are_answered_alike(mighty_rita, world_b, door):
    browser = browser_of(mighty_rita, STAFF_HOST)
    foreign, nobodys = world_b.values(door), dict.fromkeys(door.parameters, 987_654_321)
    pictures = []
    for values in (foreign, nobodys):
        url = door.url(values)
        pictures.append(picture(browser, url).replace(url, "URL"))
    assert pictures[0] == pictures[1]


@pytest.mark.accept("T-04", part="sees only its own; making them has no page yet")
@each([door for door in STAFF_DOORS if not door.parameters])
def test_no_page_looks_different_when_another_reseller_has_customers(mighty_rita, world_a, reseller_b, door):
    """Not a name, not an id, not a count, not a sum: the page is the same to the letter."""
    away_from_the_full_minute()
    browser = browser_of(mighty_rita, STAFF_HOST)
    queries = (
        "",
        "?q=zyzzyva",
        "?q=900000071",
        "?s=-channels",
        "?f.status=in:active,inactive",
        "?ids=900000071",
    )
    before = [picture(browser, door.path + query) for query in queries]
    make_world(reseller_b, *B)
    assert [picture(browser, door.path + query) for query in queries] == before


def test_that_comparison_would_notice(mighty_rita, world_a, reseller_a):
    """The same walk with a second customer of her own: the pages that show figures do change."""
    browser = browser_of(mighty_rita, STAFF_HOST)
    before = {door.path: picture(browser, door.path) for door in STAFF_DOORS if not door.parameters}
    make_world(reseller_a, *B)
    changed = {url for url, was in before.items() if picture(browser, url) != was}
    assert {"/", "/customers/"} <= changed


# What somebody may type who knows, or guesses, what reseller B has.
HOSTILE = [
    *("zyzzyva", "Zyzzyva Telecom", "telecom", "zyzzyva-tag", "zyzzyva person", "zyzzyva route"),
    *("900000071", "#900000071", "#9000", "zyzzyva-phone", "#zyzzyva-phone", "#zyzzyva.example.net"),
    *("zyzzyva@example.net", "@zyzzyva", "@example.net", "example.net", ">zyzzyva", "block zyzzyva"),
    *("add 900000071", "%", "_", "zyz%", "zyzzyv_", "", ">", "@", "#"),
]


def palette_pictures(browser: Client) -> dict[str, str]:
    """What the palette answers to each of those texts, as a part and as a page, asked from B's own pages."""
    own = {"recent": "c900000071", "ticked": "900000071"}
    there = {"HX-Request": "true", "HX-Current-URL": "http://localhost/customers/900000071/auth/"}
    found = {}
    for text in HOSTILE:
        found[f"{text}, part"] = browser.get("/find/", {"q": text, **own}, headers=there).content.decode()
        found[f"{text}, page"] = picture(
            browser, f"/find/?q={quote(text)}&recent=c900000071&ticked=900000071"
        )
    return found


@pytest.mark.accept("T-04", part="sees only its own; making them has no page yet")
def test_the_palette_finds_nothing_of_another_reseller_whatever_is_typed(mighty_rita, world_a, reseller_b):
    browser = browser_of(mighty_rita, STAFF_HOST)
    before = palette_pictures(browser)
    make_world(reseller_b, *B)
    assert palette_pictures(browser) == before


def test_the_palette_would_find_all_of_that_if_it_were_her_own(mighty_rita, world_a, reseller_a):
    browser = browser_of(mighty_rita, STAFF_HOST)
    before = palette_pictures(browser)
    make_world(reseller_a, *B)
    after = palette_pictures(browser)
    blind = {"%", "_", "zyz%", "zyzzyv_", "zyzzyva route", "@", "#"}  # these name nothing that is searched
    assert {text for text in HOSTILE if after[f"{text}, part"] == before[f"{text}, part"]} <= blind


def test_the_walk_changed_nothing_of_the_other_resellers(mighty_rita, world_a, world_b):
    def rows() -> list[Any]:
        by_key = (Upload, BulkChange)  # these belong to a person, not to a customer
        models = [Customer, Listing, *(model for model in world_b.rows if model not in by_key)]
        key = {Customer: "pk", Listing: "pk"}
        return [
            *(list(model.objects.filter(pk=world_b.rows[model].pk).values()) for model in by_key),
            *(
                list(model.objects.filter(**{key.get(model, "customer_id"): world_b.customer.pk}).values())
                for model in models
            ),
        ]

    before = rows()
    browser = browser_of(mighty_rita, STAFF_HOST)
    for door in STAFF_DOORS:
        for values in (world_b.values(door), world_a.values(door) | world_b.values(door)):
            browser.post(door.url(values), {"status": "inactive", "reason": "mischief", "enabled": ""})
            if door.name == "account_logout":
                browser.force_login(mighty_rita)
    assert rows() == before


def test_an_account_manager_sees_only_the_customers_managed(client_anna, anna, world_a, world_b):
    Customer.objects.filter(pk=world_a.customer.pk).update(account_manager=anna)
    page = client_anna.get("/customers/", follow=True)
    assert marks_of(world_a)[0] in page.content.decode().lower()
    assert_nothing_shows(page, world_b)
    assert client_anna.get(f"/customers/{world_b.customer.pk}/").status_code == 404


@pytest.mark.accept("P-06", part="no page of the portal takes an id yet")
@each([door for door in PORTAL_DOORS if not door.parameters])
def test_no_page_of_the_portal_looks_different_when_another_customer_has_traffic(client_carol, door):
    before = picture(client_carol, door.path)
    world = make_world(None, *B)
    answer = client_carol.get(door.path)
    assert_nothing_shows(answer, world)
    assert picture(client_carol, door.path) == before


def test_no_door_of_the_portal_opens_with_the_ids_of_another_customer(client_carol, world_b):
    for door in PORTAL_DOORS:
        if door.parameters:
            assert client_carol.get(door.url(world_b.values(door))).status_code == 404, door.path


# --- The walk itself


def test_a_parameter_that_is_not_known_is_named_with_a_hint():
    door = Door("/x/<int:gizmo>/", "x:gizmo", ("gizmo",), {})
    with pytest.raises(UnknownParameter, match="what “gizmo” means there"):
        World(Customer(pk=1), {}).values(door)


def test_the_walk_finds_included_doors_with_their_parameters():
    found = {door.name: door for door in STAFF_DOORS}
    assert found["customers:detail"].parameters == ("pk",)
    assert found["customers:detail"].url({"pk": 7}) == "/customers/7/"
    assert "account_login" in found
    assert {door.path for door in PORTAL_DOORS} >= {"/", LOGIN}


def test_every_named_exception_is_a_door():
    names = {door.name for door in STAFF_DOORS}
    assert names >= FOR_EVERYBODY | FOR_SWITCHES
    assert {door.name for door in PORTAL_DOORS} >= FOR_STRANGERS_ON_THE_PORTAL
