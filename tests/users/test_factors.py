"""A second factor: setting it up, signing in with it, losing it. On both sites."""

from __future__ import annotations

import json
import re

import pytest
from allauth.core import context
from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import RequestFactory
from fido2.utils import websafe_encode

from audit.models import Act, ActKind
from customers.models import Customer
from setup import secrets
from tests.conftest import browser_of
from tests.factories import PASSWORD, PORTAL_HOST, STAFF_HOST
from tests.pages import words
from tests.users.security import (
    CODE,
    CONFIRM,
    LOGIN,
    SECURITY,
    code_of,
    confirm,
    forget_used_codes,
    give_app,
    long_ago,
    seed_of,
    seed_on,
    sign_in,
    wrong_code,
)
from users import factors, forms
from users.models import User

SITES = [("alice", STAFF_HOST), ("carol", PORTAL_HOST)]


@pytest.fixture(params=SITES, ids=lambda site: site[0])
def someone(request, portal_domain) -> tuple[User, str]:
    """Staff on the staff site, then a contact on the portal."""
    name, host = request.param
    return request.getfixturevalue(name), host


def is_in(browser) -> bool:
    return "_auth_user_id" in browser.session


def kinds() -> list[str]:
    return list(Act.objects.order_by("pk").values_list("kind", flat=True))


def codes_on(page: str) -> list[str]:
    return re.findall(r"<li><code>(\d{4} \d{4})</code></li>", page)


# --- An app


@pytest.mark.accept("T-16")
@pytest.mark.accept("P-28")
def test_an_app_is_set_up_and_then_asked_for(someone):
    user, host = someone
    browser = browser_of(None, host)
    sign_in(browser, user)
    page = browser.get("/accounts/security/app/").content.decode()
    seed = seed_on(page)
    assert "data:image/svg+xml;base64," in page
    answer = browser.post("/accounts/security/app/", {"code": code_of(seed)}, follow=True)
    assert len(codes_on(answer.content.decode())) == 10

    forget_used_codes()
    again = browser_of(None, host)
    assert sign_in(again, user)["Location"] == CODE
    assert not is_in(again)
    answer = again.post(CODE, {"code": code_of(seed)})
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert is_in(again)
    assert Act.objects.filter(kind=ActKind.SIGNED_IN).latest("pk").detail == f"{host} by password and code"


def test_after_the_code_people_go_where_they_wanted(client, alice):
    seed = give_app(alice)
    sign_in(client, alice, next="/customers/?status=active")
    assert client.post(CODE, {"code": code_of(seed)})["Location"] == "/customers/?status=active"


def test_a_wrong_code_while_setting_up_keeps_the_same_key(client, alice):
    sign_in(client, alice)
    seed = seed_on(client.get("/accounts/security/app/").content.decode())
    answer = client.post("/accounts/security/app/", {"code": wrong_code(seed)})
    assert "not right" in answer.content.decode()
    assert seed_on(answer.content.decode()) == seed
    assert not factors.has_any(alice)


@pytest.mark.parametrize("nonsense", ["", "12345", "abcdef", "1" * 400, "１２３４５６", "\x00", "-1"])
def test_nonsense_is_answered_as_a_wrong_code(client, alice, nonsense):
    give_app(alice)
    sign_in(client, alice)
    answer = client.post(CODE, {"code": nonsense})
    assert answer.status_code == 200
    assert not is_in(client)


def test_a_code_counts_once(client, alice):
    seed = give_app(alice)
    code = code_of(seed)
    sign_in(client, alice)
    assert client.post(CODE, {"code": code}).status_code == 302
    watcher = browser_of(None, STAFF_HOST)
    sign_in(watcher, alice)
    assert "used already" in words(watcher.post(CODE, {"code": code}))
    assert not is_in(watcher)


def test_a_phone_whose_clock_is_half_a_minute_off_still_counts(client, alice):
    seed = give_app(alice)
    sign_in(client, alice)
    assert client.post(CODE, {"code": code_of(seed, -1)}).status_code == 302


def test_a_second_app_is_refused_in_a_sentence(client, alice):
    give_app(alice)
    browser = browser_of(alice, STAFF_HOST)
    confirm(browser)
    seed = seed_on(browser.get("/accounts/security/app/").content.decode())
    answer = browser.post("/accounts/security/app/", {"code": code_of(seed)}, follow=True)
    assert "You have an app already" in answer.content.decode()
    assert Authenticator.objects.filter(user=alice, type="totp").count() == 1


def test_guessing_codes_is_slowed_and_the_right_one_does_not_shine_through(client, alice):
    seed = give_app(alice)
    sign_in(client, alice)
    for _ in range(3):
        assert client.post(CODE, {"code": wrong_code(seed)}).status_code == 200
    answer = client.post(CODE, {"code": code_of(seed)})
    assert answer.status_code == 429
    assert "Wait" in words(answer)
    assert not is_in(client)
    assert kinds().count(ActKind.CODE_FAILED) == 3


def test_codes_cannot_be_guessed_from_many_addresses(client, alice):
    seed = give_app(alice)
    sign_in(client, alice)
    codes = [client.post(CODE, {"code": wrong_code(seed)}, REMOTE_ADDR=f"192.0.2.{n}") for n in range(11)]
    assert [answer.status_code for answer in codes] == [200] * 10 + [429]
    assert int(codes[10]["Retry-After"]) > 3000


def test_the_second_step_alone_opens_nothing(client, alice):
    give_app(alice)
    assert client.get(CODE)["Location"] == LOGIN
    assert client.post(CODE, {"code": "123456"})["Location"] == LOGIN


def test_who_gives_up_at_the_second_step_can_sign_in_as_somebody_else(client, alice, bob):
    give_app(alice)
    sign_in(client, alice)
    assert client.get(LOGIN)["Location"] == CODE
    client.post("/accounts/logout/")
    assert client.get(LOGIN).status_code == 200
    assert sign_in(client, bob)["Location"] == "/"


def test_seeds_are_unreadable_in_the_database(client, alice):
    seed = give_app(alice)
    sign_in(client, alice)
    waiting = browser_of(alice, STAFF_HOST)
    confirm(waiting)
    second = seed_on(waiting.get("/accounts/security/app/").content.decode())
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(data::text, ' ') FROM mfa_authenticator")
        stored = cursor.fetchone()[0]
    assert seed not in stored
    assert second not in str(dict(waiting.session.items()))


def test_after_reencrypting_the_new_key_alone_opens_the_seeds(client, alice, settings):
    seed = give_app(alice)
    codes = factors.codes_of(alice)
    old = settings.ENCRYPTION_KEYS
    settings.ENCRYPTION_KEYS = ["a new key of more than thirty-two characters", *old]
    call_command("reencrypt", verbosity=0)
    settings.ENCRYPTION_KEYS = settings.ENCRYPTION_KEYS[:1]
    assert seed_of(alice) == seed
    assert factors.codes_of(alice) == codes


def test_reencrypting_without_the_old_key_changes_nothing_and_says_why(alice, settings):
    give_app(alice)
    before = list(Authenticator.objects.values_list("data", flat=True))
    settings.ENCRYPTION_KEYS = ["a new key of more than thirty-two characters"]
    with pytest.raises(CommandError, match=r"Nothing was changed.*Add the key it was written with"):
        call_command("reencrypt", verbosity=0)
    assert list(Authenticator.objects.values_list("data", flat=True)) == before
    assert secrets.KEY_AT_LEAST == 32


# --- Recovery codes


def test_a_recovery_code_signs_in_once_when_the_device_is_lost(someone):
    user, host = someone
    give_app(user)
    code = factors.codes_of(user)[3]
    browser = browser_of(None, host)
    sign_in(browser, user)
    assert browser.post(CODE, {"code": code}).status_code == 302
    assert is_in(browser)
    assert "9 codes left" in words(browser.get(SECURITY))
    assert Act.objects.get(kind=ActKind.RECOVERY_CODE_USED).detail == "9 left"

    other = browser_of(None, host)
    sign_in(other, user)
    assert other.post(CODE, {"code": code}).status_code == 200
    assert not is_in(other)


def test_recovery_codes_are_shown_once(client, alice):
    give_app(alice)
    browser = browser_of(alice, STAFF_HOST)
    confirm(browser)
    assert browser.get("/accounts/security/codes/")["Location"] == SECURITY, "not without having made them"
    answer = browser.post("/accounts/security/codes/new/", follow=True)
    shown = codes_on(answer.content.decode())
    text = browser.get("/accounts/security/codes/recovery-codes.txt")
    assert text["Content-Disposition"] == 'attachment; filename="recovery-codes.txt"'
    assert re.findall(r"\d{4} \d{4}", text.content.decode()) == shown == factors.codes_of(alice)

    browser.post("/accounts/security/codes/")
    assert browser.get("/accounts/security/codes/")["Location"] == SECURITY
    assert browser.get("/accounts/security/codes/recovery-codes.txt")["Location"] == SECURITY


def test_new_codes_make_the_old_ones_worthless(client, alice):
    give_app(alice)
    old = factors.codes_of(alice)
    browser = browser_of(alice, STAFF_HOST)
    confirm(browser)
    browser.post("/accounts/security/codes/new/")
    assert not set(old) & set(factors.codes_of(alice))
    sign_in(client, alice)
    assert client.post(CODE, {"code": old[0]}).status_code == 200
    assert not is_in(client)


def test_with_the_last_factor_the_recovery_codes_go(client, alice):
    give_app(alice)
    browser = browser_of(alice, STAFF_HOST)
    confirm(browser)
    browser.post("/accounts/security/app/remove/")
    assert not Authenticator.objects.filter(user=alice).exists()
    assert sign_in(client, alice)["Location"] == "/"
    assert ActKind.FACTOR_REMOVED in kinds()


# --- Confirming

DANGEROUS = [
    ("get", "/accounts/security/app/"),
    ("post", "/accounts/security/app/"),
    ("post", "/accounts/security/app/remove/"),
    ("get", "/accounts/security/passkeys/"),
    ("post", "/accounts/security/passkeys/"),
    ("post", "/accounts/security/passkeys/remove/"),
    ("get", "/accounts/security/codes/"),
    ("post", "/accounts/security/codes/new/"),
    ("get", "/accounts/security/codes/recovery-codes.txt"),
]


@pytest.mark.parametrize(("method", "door"), DANGEROUS)
def test_what_is_dangerous_asks_again_who_it_is(client, alice, method, door):
    seed = give_app(alice)
    sign_in(client, alice)
    client.post(CODE, {"code": code_of(seed)})
    before = list(Authenticator.objects.values_list("pk", "data"))
    long_ago(client)
    answer = getattr(client, method)(door)
    assert answer.status_code == 302
    assert answer["Location"].startswith(f"{CONFIRM}?next=")
    htmx = getattr(client, method)(
        door, headers={"HX-Request": "true", "HX-Current-URL": f"http://localhost{SECURITY}?a=b"}
    )
    assert htmx.status_code == 204
    assert htmx["HX-Redirect"] == f"{CONFIRM}?next=%2Faccounts%2Fsecurity%2F%3Fa%3Db"
    assert list(Authenticator.objects.values_list("pk", "data")) == before


def test_who_just_signed_in_is_not_asked_again(client, alice):
    sign_in(client, alice)
    assert client.get("/accounts/security/app/").status_code == 200


@pytest.mark.parametrize("proof", ["password", "code", "recovery code"])
def test_people_confirm_by_what_they_have_and_come_back(client, alice, proof):
    seed = give_app(alice)
    browser = browser_of(alice, STAFF_HOST)
    fields = {
        "password": {"password": PASSWORD},
        "code": {"code": code_of(seed)},
        "recovery code": {"code": factors.codes_of(alice)[0]},
    }[proof]
    answer = browser.post(CONFIRM, {**fields, "next": "/accounts/security/app/"})
    assert answer["Location"] == "/accounts/security/app/"
    assert browser.get("/accounts/security/app/").status_code == 200
    assert ActKind.CONFIRMED in kinds()


@pytest.mark.parametrize("fields", [{"password": "wrong"}, {"code": "000000"}, {"credential": "{}"}, {}])
def test_a_wrong_proof_confirms_nothing(alice, fields):
    give_app(alice)
    browser = browser_of(alice, STAFF_HOST)
    assert browser.post(CONFIRM, fields).status_code == 200
    assert browser.get("/accounts/security/app/").status_code == 302
    assert ActKind.CONFIRMED not in kinds()


def test_guessing_at_somebody_elses_desk_is_slowed_too(alice):
    browser = browser_of(alice, STAFF_HOST)
    answers = [browser.post(CONFIRM, {"password": f"guess {number}"}) for number in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert browser.post(CONFIRM, {"password": PASSWORD}).status_code == 429
    assert kinds().count(ActKind.CONFIRM_FAILED) == 3


@pytest.mark.parametrize("there", ["https://evil.example.com/", "//evil.example.com/", "javascript:alert(1)"])
def test_after_confirming_nobody_is_sent_to_another_site(alice, there):
    browser = browser_of(alice, STAFF_HOST)
    assert browser.post(CONFIRM, {"password": PASSWORD, "next": there})["Location"] == SECURITY


# --- Where a second factor is required


def test_required_means_nothing_else_opens_before_there_is_one(client, alice, settings):
    settings.STAFF_SECOND_FACTOR = "required"
    sign_in(client, alice)
    for door in ("/", "/customers/", "/live-totals/"):
        assert client.get(door)["Location"] == SECURITY
    assert client.get("/customers/", headers={"HX-Request": "true"})["HX-Redirect"] == SECURITY
    assert "Add a second factor to go on" in words(client.get(SECURITY))

    seed = seed_on(client.get("/accounts/security/app/").content.decode())
    client.post("/accounts/security/app/", {"code": code_of(seed)})
    assert client.get("/customers/", follow=True).status_code == 200
    assert client.get("/").status_code == 200


def test_required_is_for_staff_not_for_contacts(client_carol, settings):
    settings.STAFF_SECOND_FACTOR = "required"
    assert client_carol.get("/").status_code == 200


# --- Others


def test_mallory_cannot_touch_what_is_not_hers(client_mallory, carol, mallory):
    give_app(carol)
    give_app(mallory)
    confirm(client_mallory)
    before = list(Authenticator.objects.filter(user=carol).values())
    for stored in Authenticator.objects.filter(user=carol):
        for door in ("rename", "remove"):
            answer = client_mallory.post(
                f"/accounts/security/passkeys/{door}/", {"passkey": stored.pk, "name": "mine"}
            )
            assert answer.status_code == 404
    client_mallory.post("/accounts/security/app/remove/")
    assert list(Authenticator.objects.filter(user=carol).values()) == before


@pytest.mark.parametrize("passkey", ["", "x", "1.5", "9" * 30])
def test_a_passkey_that_is_no_number(client_alice, passkey):
    confirm(client_alice)
    answer = client_alice.post("/accounts/security/passkeys/remove/", {"passkey": passkey})
    assert answer.status_code in (400, 404)


def test_who_may_not_come_in_is_not_let_in_by_the_second_step(portal_client, carol, carols_customer):
    seed = give_app(carol)
    sign_in(portal_client, carol)
    Customer.objects.filter(pk=carols_customer.pk).update(portal_access=False)
    portal_client.post(CODE, {"code": code_of(seed)})
    answer = portal_client.get("/", follow=True)
    assert answer.redirect_chain[-1][0] == LOGIN


# --- Passkeys that are none; real ones are used in tests/browser/test_passkeys.py


def client_data(origin: object = "http://localhost") -> str:
    return websafe_encode(json.dumps({"type": "webauthn.get", "challenge": "AA", "origin": origin}).encode())


NONSENSE = [
    "",
    "no json",
    "[]",
    "5",
    "{}",
    '{"response": {}}',
    '{"response": []}',
    '{"response": {"clientDataJSON": "!"}}',
    json.dumps({"response": {"clientDataJSON": client_data(5)}}),
    json.dumps({"response": {"clientDataJSON": client_data()}}),
    json.dumps({"id": "AA", "rawId": "AA", "response": {"clientDataJSON": client_data()}}),
    *[
        json.dumps(
            {
                "id": "AA",
                "rawId": raw,
                "type": "public-key",
                "response": {"clientDataJSON": client_data(), "attestationObject": part, "userHandle": part}
                | {"authenticatorData": part, "signature": part},
            }
        )
        for raw, part in (
            ("AA", "AA"),
            ("AA", "oA"),
            ("AB", "AA"),
            ("AA", 5),
            ("AA", None),
            ("AA", "z" * 400),
        )
    ],
]


@pytest.mark.parametrize("credential", NONSENSE)
def test_a_credential_that_is_none_opens_nothing(client, alice, credential):
    assert client.get("/accounts/login/passkey/").json()["publicKey"]["rpId"] == "localhost"
    answer = client.post("/accounts/login/passkey/", {"credential": credential})
    assert answer["Location"] == LOGIN
    assert not is_in(client)

    browser = browser_of(alice, STAFF_HOST)
    confirm(browser)
    browser.get("/accounts/security/passkeys/")
    assert browser.post("/accounts/security/passkeys/", {"credential": credential}).status_code == 200
    assert browser.post(CONFIRM, {"credential": credential}).status_code == 200
    assert not factors.has_any(alice)


@pytest.mark.parametrize(
    ("origin", "is_here"),
    [
        ("http://localhost", True),
        ("https://localhost", True),
        ("https://evil.example.com", False),
        ("http://sub.localhost", False),
        ("http://localhost:1", False),
        ("ftp://localhost", False),
        ("", False),
    ],
)
def test_a_passkey_counts_at_this_very_host_only(origin, is_here):
    """Not at a subdomain either, which may belong to others."""
    credential = {"response": {"clientDataJSON": client_data(origin)}}
    with context.request_context(RequestFactory().get("/", headers={"host": STAFF_HOST})):
        if is_here:
            assert forms._from_here(credential) == credential
        else:
            with pytest.raises(ValidationError):
                forms._from_here(credential)


@pytest.mark.parametrize(("host", "party"), [("LOCALHOST:8000", "localhost"), ("localhost.", "localhost")])
def test_the_relying_party_is_the_host_name_alone(db, host, party):
    assert browser_of(None, host).get("/accounts/login/passkey/").json()["publicKey"]["rpId"] == party


def test_the_portal_is_a_relying_party_of_its_own(portal_client):
    options = portal_client.get("/accounts/login/passkey/").json()["publicKey"]
    assert options["rpId"] == PORTAL_HOST
    assert options["userVerification"] == "required"


def test_asking_for_challenges_is_limited(client, db):
    answers = [client.get("/accounts/login/passkey/").status_code for _ in range(31)]
    assert answers == [200] * 30 + [429]
