"""The palette as the server answers it: what is found, for whom, what can be done; no text breaks it."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from connexcs_admin.navigation import MENU
from connexcs_admin.palette import ROOMS
from connexcs_admin.templatetags.look import marked
from customers.models import Customer, NumberBlock, Status
from tests import factories
from tests.conftest import browser_of
from tests.factories import STAFF_HOST
from tests.pages import links, words
from users.models import User
from users.roles import Role

HTMX = {"HX-Request": "true"}


def ask(browser: Client, text: str, page: str = "/", **more: str) -> HttpResponse:
    """The palette's answer to `text`, asked on a page of the site."""
    answer = browser.get(
        "/find/", {"q": text, **more}, headers={**HTMX, "HX-Current-URL": f"http://localhost{page}"}
    )
    assert answer.status_code == 200
    return answer


def groups(answer: HttpResponse) -> dict[str, list[str]]:
    """Head of each group -> words of its entries."""
    found: dict[str, list[str]] = {}
    for group in answer.content.decode().split('role="group"')[1:]:
        head = re.search(r'role="presentation">([^<]*)<', group)
        assert head
        options = re.findall(r'role="option".*?</(?:a|button)>', group, flags=re.DOTALL)
        found[head[1]] = [" ".join(re.sub(r"<[^>]+>", " ", f"<{option}").split()) for option in options]
    return found


@pytest.fixture
def rheinfon(db: None) -> Customer:
    customer = factories.make_customer(name="Rheinfon GmbH", tags=["voip"])
    factories.set_figures(customer, balance=Decimal("12904.77"))
    factories.make_contact(customer=customer, name="Karin Vogel", email="k.vogel@rheinfon.example")
    factories.make_ip_auth(customer, host="203.0.113.14")
    factories.make_sip_user(customer, username="rheinphone")
    factories.make_route(customer, name="All", tech_prefix="77123")
    return customer


# --- What is found


def test_a_customer_is_found_with_status_and_credit_and_the_word_is_marked(client_alice, rheinfon):
    factories.make_customer(name="Oberrhein Telefon AG", status=Status.INACTIVE)
    answer = ask(client_alice, "rhein")
    found = groups(answer)["Customers"]
    assert found == ["Rhein fon GmbH Active 12,904.77 EUR ↵", "Ober rhein Telefon AG Inactive 0.00 EUR ↵"]
    assert "<mark>Rhein</mark>fon GmbH" in answer.content.decode()


def test_the_quarantine_is_found_by_who_may_see_it(client_alice, client_rita, rita):
    rita.groups.add(*factories.make_staff(role=Role.ADMINISTRATOR).groups.all())
    assert "/calls/quarantine/" in links(ask(client_alice, "quarantine"))
    assert "/calls/quarantine/" not in links(ask(client_rita, "quarantine"))


def test_whose_name_it_is_comes_before_whose_name_begins_so_and_those_before_all_others(client_alice):
    for name in ("A Nova", "Nova Two", "Nova", "Big Nova"):
        factories.make_customer(name=name)
    names = [
        line.removesuffix(" Active 0.00 EUR ↵") for line in groups(ask(client_alice, "nova"))["Customers"]
    ]
    assert names == ["Nova", "Nova Two", "A Nova", "Big Nova"]


def test_a_name_that_begins_so_is_found_however_many_others_contain_it(client_alice):
    for number in range(8):
        factories.make_customer(name=f"A {number} Zeta")
    factories.make_customer(name="Zeta Last")
    assert "Zeta Last" in groups(ask(client_alice, "ze"))["Customers"][0].replace("Ze ta", "Zeta")


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("vogel", "k. vogel @rheinfon.example contact of Rheinfon GmbH ↵"),
        ("karin", "Karin Vogel, k.vogel@rheinfon.example contact of Rheinfon GmbH ↵"),
        ("203.0.113", "203.0.113 .14 address of Rheinfon GmbH ↵"),
        ("rheinph", "rheinph one SIP user of Rheinfon GmbH ↵"),
        ("77123", "77123 tech prefix of Rheinfon GmbH ↵"),
    ],
)
def test_what_is_found_elsewhere_says_what_it_is_and_whose(client_alice, rheinfon, text, where):
    found = groups(ask(client_alice, text))
    assert where in found["Also found in"]
    assert found["Customers"][0].startswith("Rheinfon GmbH")


def test_an_internal_number_is_found_by_any_number_of_its_block(client_alice, rheinfon):
    NumberBlock.objects.create(customer=rheinfon, first=4_000, last=4_999)
    assert groups(ask(client_alice, "4711"))["Also found in"] == ["4711 internal number of Rheinfon GmbH ↵"]
    assert "Also found in" not in groups(ask(client_alice, "5000"))


def test_every_result_leads_to_a_door_that_opens(client_alice, rheinfon):
    for text in ("rhein", "vogel", "203.0.113", "rheinph", "77123", f"#{rheinfon.pk}", ">rhein", "new", ">"):
        found = links(ask(client_alice, text))
        assert found
        for link in found:
            assert client_alice.get(link, follow=True).status_code == 200, link


def test_the_first_character_narrows_the_search(client_alice, rheinfon):
    assert set(groups(ask(client_alice, "@rhein"))) == {"Also found in"}
    assert set(groups(ask(client_alice, "@203.0.113"))) == set()
    assert groups(ask(client_alice, "#203.0"))["Also found in"] == [
        "203.0 .113.14 address of Rheinfon GmbH ↵"
    ]
    assert "Also found in" not in groups(ask(client_alice, "#vogel"))
    assert set(groups(ask(client_alice, ">rhein"))) == {"Do something with Rheinfon GmbH"}


def test_a_customer_is_found_by_its_number(client_alice, rheinfon):
    for text in (f"#{rheinfon.pk}", f"# {rheinfon.pk}", str(rheinfon.pk)):
        assert groups(ask(client_alice, text))["Customers"][0].startswith("Rheinfon GmbH"), text


# --- What can be done


def test_what_can_be_done_with_the_best_match_leads_to_its_own_doors(client_alice, rheinfon):
    answer = ask(client_alice, "rhein")
    assert groups(answer)["Do something with Rheinfon GmbH"] == [
        "Change status… asks first ↵",
        "Contacts ↵",
        "Authentication ↵",
        "Routing ↵",
        "Latest calls ↵",
    ]
    pk = rheinfon.pk
    assert {
        f"/customers/{pk}/status/",
        f"/customers/{pk}/contacts/",
        f"/customers/{pk}/auth/",
        f"/customers/{pk}/routes/",
        f"/customers/{pk}/calls/",
    } <= set(links(answer))


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("block rheinf", "Change status…"),
        ("auth rheinf", "Auth entication"),
        ("add rheinf", "Add an IP add"),
        (">new rheinf", "Add an IP address…"),
        ("routes rheinf", "Routing"),
    ],
)
def test_a_verb_before_a_name_is_offered_first(client_alice, rheinfon, text, first):
    found = groups(ask(client_alice, text))
    assert next(iter(found)) == "Do something with Rheinfon GmbH"  # Enter does what was said
    assert found["Do something with Rheinfon GmbH"][0].startswith(first)


def test_a_customer_whose_name_begins_like_a_verb_is_still_found_by_its_name(client_alice):
    for number in range(9):
        factories.make_customer(name=f"A {number} Ltd")
    factories.make_customer(name="Routing Ltd")
    assert groups(ask(client_alice, "routing ltd"))["Customers"] == ["Routing Ltd Active 0.00 EUR ↵"]


def test_a_verb_alone_with_no_customer_at_hand_asks_for_a_name(client_alice, client_bob):
    assert (
        "needs a customer: go on typing a name, as in “block acme”"
        in ask(client_alice, "block").content.decode()
    )
    assert "needs a customer" not in ask(client_alice, "blockade").content.decode()
    assert "needs a customer" not in ask(client_bob, "block").content.decode(), "he may not block anybody"


def test_on_a_customers_page_a_verb_alone_is_for_that_customer(client_alice, rheinfon):
    factories.make_customer(name="Authority Ltd")
    page = f"/customers/{rheinfon.pk}/auth/"
    assert "Do something with Rheinfon GmbH" in groups(ask(client_alice, "", page))
    assert "Do something with Rheinfon GmbH" in groups(ask(client_alice, "auth", page))
    assert "Do something with Authority Ltd" in groups(ask(client_alice, "authority", page))
    assert "Do something with Authority Ltd" in groups(ask(client_alice, "auth"))


def test_of_ticked_rows_one_is_acted_on_and_several_can_be_let_go(client_alice, rheinfon):
    other = factories.make_customer(name="Other")
    one = groups(ask(client_alice, "", "/customers/?q=", ticked=str(rheinfon.pk)))
    assert "Do something with Rheinfon GmbH" in one
    two = groups(ask(client_alice, "", "/customers/?q=", ticked=f"{rheinfon.pk},{other.pk}"))
    assert two["With 2 selected rows"] == ["Clear the selection ↵"]
    assert not any(head.startswith("Do something") for head in two)


def test_pages_and_commands_are_found_by_what_people_call_them(client_alice):
    assert groups(ask(client_alice, ""))["Go to"] == [f"{item.label} ↵" for item in MENU]
    assert groups(ask(client_alice, "create"))["Go to"] == ["New customer ↵"]
    answer = ask(client_alice, "log out")
    assert groups(answer)["Go to"] == ["Sign out ↵"]
    assert 'formaction="/accounts/logout/"' in answer.content.decode()  # a button: a link would change things
    assert "/accounts/logout/" not in links(answer)


def test_what_was_opened_before_comes_first_while_nothing_is_typed(client_alice, rheinfon):
    answer = ask(
        client_alice, "", recent=f"pcustomers:new,c{rheinfon.pk},c{rheinfon.pk},c987654321,px,junk,c0"
    )
    found = groups(answer)
    assert next(iter(found)) == "Recently opened"
    assert found["Recently opened"] == ["New customer ↵", "Rheinfon GmbH Active 12,904.77 EUR ↵"]
    assert "Recently opened" not in groups(ask(client_alice, "x", recent=f"c{rheinfon.pk}"))


# --- For whom


@pytest.fixture
def world(reseller_a, reseller_b) -> tuple[Customer, Customer]:
    """A customer of each reseller, alike but for the names."""
    made = []
    for reseller, mark, tail in ((reseller_a, "quokka", 14), (reseller_b, "zyzzyva", 15)):
        customer = factories.make_customer(name=f"{mark.title()} Telecom", reseller=reseller)
        factories.make_contact(customer=customer, name=f"{mark} Person", email=f"{mark}@shared.example")
        factories.make_ip_auth(customer, host=f"198.51.100.{tail}")
        factories.make_sip_user(customer, username=f"shared-{mark}")
        factories.make_route(customer, tech_prefix=f"7771{tail}", name=mark)
        NumberBlock.objects.create(customer=customer, first=tail * 1000, last=tail * 1000 + 999)
        made.append(customer)
    return made[0], made[1]


def test_a_resellers_user_finds_nothing_of_another_reseller(client_rita, world):
    _mine, theirs = world
    hostile = [
        "zyzzyva",
        "Zyzzyva Telecom",
        "telecom",
        "tele",
        f"#{theirs.pk}",
        str(theirs.pk),
        "198.51",
        "198.51.100.15",
        "#7771",
        "shared",
        "shared-zyzzyva",
        "#shared",
        "@zyzzyva",
        "@shared.example",
        "zyzzyva@shared.example",
        "777115",
        "#15001",
        "15500",
        "block zyzzyva",
        ">zyzzyva",
        "auth telecom",
        "%",
        "_",
        "zyz%",
        "z_zzyva",
        "",
    ]
    for text in hostile:
        for page in ("/", f"/customers/{theirs.pk}/", f"/customers/{theirs.pk}/auth/"):
            answer = ask(
                client_rita, text, page, recent=f"c{theirs.pk}", ticked=str(theirs.pk)
            ).content.decode()
            shown = re.sub(r'data-for="[^"]*"', "", answer).lower()
            for mark in ("zyzzyva", f"/{theirs.pk}/", "198.51.100.15", "777115", "15001 "):
                assert mark not in shown, f"{text!r} on {page} shows {mark}"
    assert "Quokka Telecom" in groups(ask(client_rita, "tele"))["Customers"][0].replace("Tele com", "Telecom")


def test_rows_of_others_do_not_even_change_how_many_results_there_are(client_rita, reseller_a, reseller_b):
    """A flood of foreign matches must not push her own out of the few that are looked at."""
    for number in range(60):
        customer = factories.make_customer(name=f"A{number:02} Flood", reseller=reseller_b)
        factories.make_contact(customer=customer, name="Flood", email=f"f{number}@flood.example")
        factories.make_ip_auth(customer, host=f"198.51.100.{number}")
    mine = factories.make_customer(name="Zz Flood", reseller=reseller_a)
    factories.make_contact(customer=mine, name="Flood", email="z@flood.example")
    factories.make_ip_auth(mine, host="198.51.100.200")
    assert len(groups(ask(client_rita, "flood"))["Customers"]) == 1
    assert groups(ask(client_rita, "@flood"))["Also found in"] == ["z@ flood .example contact of Zz Flood ↵"]
    assert len(groups(ask(client_rita, "#198.51.100"))["Also found in"]) == 1


@pytest.mark.parametrize("role", list(Role))
def test_nobody_is_offered_what_that_person_may_not_do_or_see(role, rheinfon, anna):
    user = factories.make_staff(role=role)
    Customer.objects.filter(pk=rheinfon.pk).update(account_manager=user)
    browser = browser_of(user, STAFF_HOST)
    for text in ("rhein", ">rhein", ">", "vogel", "203.0.113", "rheinph", "77123", "new", "add rheinf"):
        answer = ask(browser, text)
        for link in links(answer):
            assert browser.get(link, follow=True).status_code == 200, f"{role} may not open {link}"
            if link.endswith("#add-ip"):
                assert user.has_perm("routing.add_ipauth")
            if link.endswith("#add-user"):
                assert user.has_perm("routing.add_sipuser")
            if link.endswith("#add-route"):
                assert user.has_perm("routing.add_ingressroute")
        if not user.has_perm("customers.view_credit"):
            assert "12,904.77" not in words(answer)


def test_read_only_staff_are_offered_no_act_at_all(rheinfon):
    browser = browser_of(factories.make_staff(role=Role.READ_ONLY), STAFF_HOST)
    for text in ("rhein", ">rhein", "block rhein", "add rheinf", "new"):
        shown = words(ask(browser, text))
        assert "Change status" not in shown
        assert "Add " not in shown
        assert "New customer" not in shown


def test_who_has_no_rights_finds_only_the_pages_for_everybody(client_bob, rheinfon):
    for text in ("rhein", "vogel", "203.0.113", "@rhein", f"#{rheinfon.pk}", ">rhein"):
        assert groups(ask(client_bob, text)) == {}, text
    assert groups(ask(client_bob, ""))["Go to"] == ["Home ↵"]


def test_every_verb_and_source_asks_for_a_right():
    for room in ROOMS:
        for part in (*room.verbs, *room.sources):
            assert part.permissions, part


# --- That nothing breaks it

NONSENSE = [
    "%",
    "_",
    "\\",
    "'",
    '"',
    "';DROP TABLE customers_customer;--",
    "<script>alert(1)</script>",
    "\x00",
    "a\x00b",
    "\N{TELEPHONE RECEIVER}\N{BACTRIAN CAMEL}",
    "\u0645\u0631\u062d\u0628\u0627",
    "\u202eevil",
    "x" * 5000,
    "a " * 400,
    "9" * 40,
    "#" + "9" * 40,
    "\u00b2",
    "#\u00b2",
    "\u0661\u0662\u0663",
    ">",
    "@",
    "#",
    ">>",
    "@@@",
    "##",
    "{{ 7 }}",
    "{% debug %}",
    "\n\t",
    "\ufb00",
    "\u0130",
    "\u00df",
    "%s %(n)d",
    "[a",
    "(",
    "*",
]


def test_nonsense_is_answered_calmly_and_escaped(client_alice, rheinfon):
    factories.make_customer(name='<script>alert(1)</script> & "Sons"')
    for text in NONSENSE:
        answer = ask(client_alice, text, f"/customers/{rheinfon.pk}/")
        assert "<script" not in answer.content.decode(), ascii(text)
    for text in ("<script>", "%00", "%ff%fe", "%ed%a0%80"):  # what is no UTF-8 too
        page = client_alice.get(f"/find/?q={text}")
        assert page.status_code == 200
        assert "<script>" not in page.content.decode()
    for page in ("//evil", "http://[broken", "customers/1", "/customers/" + "9" * 30 + "/"):
        answer = client_alice.get("/find/", headers={**HTMX, "HX-Current-URL": page})
        assert answer.status_code == 200


def test_a_wildcard_finds_only_itself(client_alice, rheinfon):
    assert "Customers" not in groups(ask(client_alice, "%"))
    assert "Customers" not in groups(ask(client_alice, "rh_infon"))
    factories.make_customer(name="100% Voice")
    assert len(groups(ask(client_alice, "%"))["Customers"]) == 1


def test_words_are_marked_in_escaped_text_whatever_their_case():
    assert marked("A <b> & Rhein", ["rhein", "b"]) == "A &lt;<mark>b</mark>&gt; &amp; <mark>Rhein</mark>"
    assert marked("amp & lt", ["amp"]) == "<mark>amp</mark> &amp; lt"
    assert marked("İstanbul (x)", ["(", ""]) == "İstanbul <mark>(</mark>x)"
    assert marked("abc", []) == "abc"


def test_recent_keys_and_ticks_of_any_form_are_harmless(client_alice):
    for junk in (
        "c" + "9" * 30,
        "c1;drop",
        "p../../etc",
        "pfind",
        "paccount_logout",
        "c-1",
        "," * 3000,
        "\x00",
    ):
        assert ask(client_alice, "", recent=junk, ticked=junk).status_code == 200
    assert 'formaction="' not in ask(client_alice, "", recent="paccount_logout").content.decode()


# --- What it costs


@pytest.mark.parametrize(
    ("text", "most"), [("", 1), ("rhein", 8), ("block rhein", 11), ("@rhein", 2), ("#203", 9), (">rhein", 4)]
)
def test_more_customers_never_cost_more_queries(client_alice, alice: User, rheinfon, text, most):
    def cost() -> list[str]:
        with CaptureQueriesContext(connection) as made:
            ask(client_alice, text, f"/customers/{rheinfon.pk}/", recent=f"c{rheinfon.pk}")
        return [query["sql"] for query in made]

    few = cost()
    for number in range(20):
        customer = factories.make_customer(name=f"Rhein {number}")
        factories.make_contact(customer=customer, email=f"rhein{number}@example.com")
        factories.make_ip_auth(customer, host=f"203.0.113.{number + 20}")
        factories.make_sip_user(customer, username=f"rhein-{number}")
    many = cost()
    frame = 4  # session, user, and the rights of the user and of the groups
    assert len(many) <= len(few), "\n".join(many)  # less is asked once enough is found
    assert len(many) - frame <= most, "\n".join(many)


# --- Without JavaScript


def test_the_same_search_is_a_page_of_its_own(client_alice, rheinfon):
    page = client_alice.get("/find/", {"q": "rhein"})
    assert "Rhein fon GmbH" in words(page)
    assert f"/customers/{rheinfon.pk}/" in links(page)
    assert 'role="option"' not in page.content.decode()
    assert 'href="/find/"' in client_alice.get("/").content.decode()


def test_an_empty_search_says_what_can_be_typed(client_bob):
    assert "Type part of a name" in words(ask(client_bob, "@"))
    assert "Nothing was found" in words(ask(client_bob, "zzz"))
