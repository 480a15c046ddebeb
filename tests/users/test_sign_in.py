"""Signing in: the right door, the right password, and no help for those who guess."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.auth import hashers
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from audit.models import Act, ActKind
from tests.factories import PASSWORD, PORTAL_HOST, STAFF_HOST
from users.tasks import clear_sessions

LOGIN = "/accounts/login/"


def sign_in(browser: Client, email: str, password: str = PASSWORD, **more: str):
    return browser.post(LOGIN, {"login": email, "password": password, **more})


def words(answer) -> str:
    """What the page says, without the one-time parts of a form."""
    form = answer.context["form"]
    return f"{answer.status_code} {form.errors.as_text()}"


def test_staff_sign_in_with_email_and_password(client, alice):
    answer = sign_in(client, "alice@example.com")
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert client.session["_auth_user_id"] == str(alice.pk)


def test_the_case_of_an_email_does_not_matter(client, alice):
    assert sign_in(client, " Alice@EXAMPLE.com ").status_code == 302


@pytest.mark.accept("P-01")
def test_contacts_sign_in_on_the_portal(portal_client, carol):
    answer = portal_client.post(LOGIN, {"login": "carol@example.com", "password": PASSWORD}, follow=True)
    assert answer.redirect_chain == [("/", 302)]
    assert "Carol Telecom" in answer.content.decode()


def test_each_kind_is_refused_on_the_other_site_in_the_same_words(client, portal_client, alice, carol):
    unknown = words(sign_in(client, "nobody@example.com"))
    assert "not right" in unknown
    assert words(sign_in(client, alice.email, "wrong password")) == unknown
    assert words(sign_in(client, carol.email)) == unknown
    assert words(sign_in(portal_client, alice.email)) == unknown


def test_the_other_site_does_not_even_tell_of_a_closed_account(client, portal_client, carol):
    carol.is_active = False
    carol.save()
    assert sign_in(portal_client, carol.email)["Location"] == "/accounts/inactive/"
    assert "not right" in words(sign_in(client, carol.email))


@pytest.mark.parametrize("who", ["stranger", "contact", "wrong password"])
def test_every_refusal_hashes_exactly_one_password(client, alice, carol, monkeypatch, who):
    """The slow part takes equally long whoever is meant, so that time tells nothing."""
    hashed = []
    for name in ("encode", "verify"):
        real = getattr(hashers.Argon2PasswordHasher, name)

        def counted(self, *args, real=real):
            hashed.append(real)
            return real(self, *args)

        monkeypatch.setattr(hashers.Argon2PasswordHasher, name, counted)
    emails = {"stranger": "nobody@example.com", "contact": carol.email, "wrong password": alice.email}
    answer = sign_in(client, emails[who], PASSWORD if who == "contact" else "a wrong password")
    assert "not right" in words(answer)
    assert len(hashed) == 1


@pytest.mark.accept("T-16")
def test_passwords_are_stored_as_argon2(alice):
    alice.set_password("a password of some length")
    assert alice.password.startswith("argon2$argon2id$")


def test_somebody_who_left_is_out_at_once(client_alice, alice):
    assert client_alice.get(LOGIN).status_code == 302
    alice.is_active = False
    alice.save()
    assert client_alice.get(LOGIN).status_code == 200


def test_kept_sign_in_lasts_twelve_hours(client, alice):
    answer = sign_in(client, alice.email, remember="on")
    assert answer.cookies[settings.SESSION_COOKIE_NAME]["max-age"] == 12 * 3600
    assert client.session.get_expiry_date() - timezone.now() <= timedelta(hours=12)


def test_otherwise_it_ends_with_the_browser(client, alice):
    answer = sign_in(client, alice.email)
    assert answer.cookies[settings.SESSION_COOKIE_NAME]["max-age"] == ""
    assert client.session.get_expire_at_browser_close()


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("/customers/?status=active", "/customers/?status=active"),
        ("http://localhost/customers/", "http://localhost/customers/"),
        ("https://evil.example.com/", "/"),
        ("//evil.example.com/", "/"),
        ("https:evil.example.com", "/"),
        ("/\\evil.example.com", "/"),
        ("javascript:alert(1)", "/"),
        (f"http://{PORTAL_HOST}/", "/"),
    ],
)
def test_after_signing_in_people_stay_on_this_host(client, alice, asked, given):
    assert sign_in(client, alice.email, next=asked)["Location"] == given


def test_signing_out_ends_the_session(client_alice):
    assert client_alice.post("/accounts/logout/")["Location"] == LOGIN
    assert client_alice.get(LOGIN).status_code == 200


def test_looking_at_the_sign_out_page_signs_nobody_out(client_alice):
    assert client_alice.get("/accounts/logout/").status_code == 200
    assert client_alice.get(LOGIN).status_code == 302


def test_a_new_password_needs_the_old_one(client_alice, alice):
    new = "quite another passphrase"
    fields = {"oldpassword": "wrong password", "password1": new, "password2": new}
    refused = client_alice.post("/accounts/password/change/", fields)
    assert "That is not your current password." in refused.content.decode()
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)

    answer = client_alice.post("/accounts/password/change/", fields | {"oldpassword": PASSWORD})
    assert answer["Location"] == "/accounts/security/"
    alice.refresh_from_db()
    assert alice.check_password(new)
    assert client_alice.get(LOGIN).status_code == 302, "the session that changed it goes on"


@pytest.mark.parametrize(
    "door", ["signup/", "email/", "password/reset/", "password/set/", "confirm-email/", "3rdparty/"]
)
def test_doors_nobody_needs_are_not_there(client_alice, door):
    assert client_alice.get(f"/accounts/{door}").status_code == 404


def test_no_link_of_the_sign_in_page_leads_nowhere(client):
    page = client.get(LOGIN).content.decode()
    assert "password/reset" not in page
    assert "signup" not in page


def test_a_form_that_came_from_elsewhere_is_refused(db, alice):
    browser = Client(enforce_csrf_checks=True, headers={"host": STAFF_HOST})
    assert sign_in(browser, alice.email).status_code == 403
    browser.get(LOGIN)
    token = browser.cookies[settings.CSRF_COOKIE_NAME].value
    assert sign_in(browser, alice.email, csrfmiddlewaretoken=token).status_code == 302


@pytest.mark.parametrize("email", ["x" * 400 + "@example.com", "a\x00b@example.com", "no address", ""])
def test_nonsense_is_answered_and_not_stumbled_over(client, db, email):
    assert sign_in(client, email).status_code == 200


def test_sessions_that_are_over_are_cleared_away_at_night(client_alice):
    over = Session.objects.create(session_key="x" * 32, expire_date=timezone.now() - timedelta(seconds=1))
    clear_sessions()
    assert not Session.objects.filter(pk=over.pk).exists()
    assert client_alice.get(LOGIN).status_code == 302


# --- What is remembered of it


def test_signing_in_and_out_is_recorded(client, alice):
    client.post(LOGIN, {"login": alice.email, "password": PASSWORD}, REMOTE_ADDR="192.0.2.5")
    client.post("/accounts/logout/", REMOTE_ADDR="192.0.2.5")
    acts = Act.objects.order_by("pk").values_list("kind", "user", "email", "ip")
    assert list(acts) == [
        (ActKind.SIGNED_IN, alice.pk, alice.email, "192.0.2.5"),
        (ActKind.SIGNED_OUT, alice.pk, alice.email, "192.0.2.5"),
    ]
    assert Act.objects.get(kind=ActKind.SIGNED_IN).detail == "localhost by password"
