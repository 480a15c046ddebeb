"""The manual: each screen has its page, each page opens, and no link in it leads nowhere."""

import re
from html import unescape

import pytest
from django.urls import reverse

from connexcs_admin.help import pages
from tests.doors import staff_doors


@pytest.mark.parametrize("slug", pages.SLUGS)
def test_every_page_of_the_manual_opens_and_its_links_lead_to_pages(client_bob, slug):
    answer = client_bob.get(f"/help/{slug}/")
    text = answer.content.decode()
    assert answer.status_code == 200
    assert f"<h1>{pages.page(slug).title}</h1>" in unescape(text)
    article = text.partition("<article")[2].partition("</article>")[0]
    for address in re.findall(r'href="([^"]+)"', article):
        assert client_bob.get(address).status_code == 200, address


def test_every_file_is_a_page():
    assert {file.stem for file in pages.FOLDER.glob("*.md")} == set(pages.SLUGS)


def test_the_manual_opens_on_its_first_page_and_says_what_it_has_not(client_bob):
    assert client_bob.get("/help/").context["page"].slug == pages.SLUGS[0]
    assert client_bob.get("/help/nonsense/").status_code == 404


def test_the_manual_is_for_people_who_are_signed_in(client):
    assert client.get("/help/customers/").status_code == 302


def test_every_screen_of_the_menu_has_a_page_of_its_own(client_alice):
    for url in ("home", "customers:list", "pages:calls", "people:list", "pages:quarantine", "audit:list"):
        link = re.search(
            r'id="help" href="([^"]+)"', client_alice.get(reverse(url), follow=True).content.decode()
        )
        assert link, url
        assert link[1] == f"/help/{pages.slug_of(url)}/" != "/help/", url


def test_no_door_is_named_that_is_not_there():
    names = {door.name for door in staff_doors()}
    spaces = {name.partition(":")[0] for name in names}
    assert set(pages.PAGE_OF) <= names | spaces


def test_markup_in_a_page_stays_text():
    assert "&lt;b&gt;" in pages.markdown("a <b>bold</b> claim")


def test_a_resellers_user_has_the_manual_too(client_rita):
    assert client_rita.get("/help/lists/").status_code == 200
