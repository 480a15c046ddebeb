"""What has a history, what must not have one, and what must never be copied into one."""

import io
from datetime import timedelta

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.db import connection, transaction
from django.db.utils import InternalError
from django.utils import timezone

from audit import acting
from audit.models import Act, ActKind
from audit.services import record
from contacts import services as contacts
from tests import factories
from tests.factories import PASSWORD
from users.roles import Role

EVENTS = [model for model in apps.get_models() if getattr(model, "pgh_tracked_model", None)]
TRACKED = {model.pgh_tracked_model._meta.label for model in EVENTS}


def test_what_people_decide_has_a_history():
    assert {
        "customers.Customer",
        "customers.CallWindow",
        "customers.NumberBlock",
        "contacts.Contact",
        "routing.IpAuth",
        "routing.SipUser",
        "routing.IngressRoute",
        "carriers.Carrier",
        "users.User",
        "users.Membership",
        "users.GroupRight",
        "setup.Installation",
        "setup.Currency",
        "setup.Reseller",
        "setup.PortalDomain",
        "setup.InvoiceTemplate",
    } <= TRACKED


def test_what_machines_write_has_none():
    assert TRACKED.isdisjoint(
        {
            "calls.Cdr",
            "calls.CdrBatch",
            "calls.Dialog",
            "calls.FigureDelta",
            "calls.MinuteBucket",
            "calls.LiveSample",
            "calls.CustomerHour",
            "calls.CustomerDay",
            "calls.TrafficHour",
            "calls.TrafficDay",
            "calls.QuarantinedRecord",
            "calls.UnreadBody",
            "customers.Listing",
            "customers.SearchTerm",
            "customers.Sparkline",
            "customers.FeedState",
            "billing.Account",
            "billing.LedgerEntry",
            "sessions.Session",
            "audit.Act",
            "messaging.Mail",
            "contacts.PasswordLink",
        }
    )


def test_no_secret_has_a_column_in_any_history():
    columns = {field.column for model in EVENTS for field in model._meta.concrete_fields}
    assert columns.isdisjoint({"password", "ha1", "token", "token_hash", "session_key", "last_login"})


def test_no_secret_is_found_in_any_history_table(carols_contact, alice):
    user = contacts.give_sign_in(carols_contact.pk, "seven green bottles", by=alice)
    customer = carols_contact.customer
    factories.make_ip_auth(customer, password="outgoing-secret")
    factories.make_sip_user(customer, ha1="0123456789abcdef" * 2)
    secrets = [user.password, "outgoing-secret", "0123456789abcdef" * 2, "seven green bottles"]
    with connection.cursor() as cursor:
        for model in [*EVENTS, apps.get_model("pghistory", "Context")]:
            for secret in secrets:
                cursor.execute(
                    f"SELECT count(*) FROM {model._meta.db_table} AS kept WHERE strpos(kept::text, %s) > 0",
                    [secret],
                )
                assert cursor.fetchone() == (0,), f"{model._meta.db_table} keeps a secret"
    assert apps.get_model("routing", "SipUserEvent").objects.count() == 1


def test_signing_in_is_no_change_of_a_user(client, alice):
    UserEvent = apps.get_model("users", "UserEvent")
    before = UserEvent.objects.count()
    client.post("/accounts/login/", {"login": alice.email, "password": PASSWORD})
    alice.refresh_from_db()
    assert alice.last_login is not None
    assert UserEvent.objects.count() == before


def test_giving_and_taking_a_role_is_told(alice, bob):
    support = Group.objects.get(name=Role.SUPPORT)
    with acting(by=alice, reason="joined the desk"):
        bob.groups.add(support)
    with acting(by=alice, reason="left the desk"):
        bob.groups.remove(support)
    told = apps.get_model("users", "MembershipEvent").objects.filter(user=bob).order_by("pgh_id")
    assert [
        (
            event.pgh_label,
            event.group_id,
            event.pgh_context.metadata["email"],
            event.pgh_context.metadata["reason"],
        )
        for event in told
    ] == [
        ("insert", support.pk, alice.email, "joined the desk"),
        ("delete", support.pk, alice.email, "left the desk"),
    ]


def test_changing_what_a_role_may_do_is_told(alice):
    support = Group.objects.get(name=Role.SUPPORT)
    right = Permission.objects.get(codename="delete_customer")
    with acting(by=alice, reason="new policy"):
        support.permissions.add(right)
    event = apps.get_model("users", "GroupRightEvent").objects.filter(permission=right, group=support).get()
    assert (event.pgh_label, event.pgh_context.metadata["reason"]) == ("insert", "new policy")


@pytest.mark.parametrize("model", EVENTS, ids=lambda model: model._meta.label)
def test_history_is_never_rewritten(db, model):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_trigger WHERE tgrelid = %s::regclass AND tgname LIKE '%%append_only%%'",
            [model._meta.db_table],
        )
        assert cursor.fetchone() == (1,)


def test_an_attempt_to_rewrite_history_fails(db):
    factories.make_currency("SEK")
    for verb in ("DELETE FROM setup_currencyevent", "UPDATE setup_currencyevent SET name = 'x'"):
        with (
            pytest.raises(InternalError, match="Cannot"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(verb)


def test_acts_are_never_rewritten(alice):
    act = record(ActKind.SIGNED_IN, user=alice, ip="192.0.2.1")
    assert act.at is not None
    with pytest.raises(InternalError, match="Cannot"), transaction.atomic():
        Act.objects.filter(pk=act.pk).update(email="other@example.com")
    with pytest.raises(InternalError, match="Cannot"), transaction.atomic():
        act.delete()


def test_an_act_is_dated_by_the_database(alice):
    act = Act.objects.get(pk=record(ActKind.SIGNED_IN, user=alice).pk)
    assert abs(timezone.now() - act.at) < timedelta(minutes=1)


def test_history_by_copy_is_one_row_per_row(db):
    lines = "".join(f"{chr(65 + i // 26)}{chr(65 + i % 26)}Q\tname\t2\tt\n" for i in range(300))
    with connection.cursor() as cursor:
        cursor.cursor.copy_expert(
            "COPY setup_currency (code, name, digits, enabled) FROM STDIN", io.StringIO(lines)
        )
    assert apps.get_model("setup", "CurrencyEvent").objects.count() == 300
