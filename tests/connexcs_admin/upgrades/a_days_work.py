"""What people and switches do in a day, by the code of the last release: run as a program in its checkout.

It speaks to that code's own doors and models, so it changes when a release is made, not when main does.
argv: email and password of an administrator. Prints one line for each thing that worked.
"""

import json
import sys
from datetime import UTC, datetime, timedelta

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import setup_test_environment  # noqa: E402

from calls.models import Cdr, Dialog, Switch  # noqa: E402
from calls.pulse import Pulse  # noqa: E402
from customers.models import Customer, Listing  # noqa: E402

HOST = {"host": "localhost"}


def main(email: str, password: str) -> None:
    setup_test_environment()
    call_command("check")
    print("check")
    customer = Customer.objects.filter(deleted_at=None, status="active").order_by("pk")[0]

    browser = Client(headers=HOST)
    answer = browser.post("/accounts/login/", {"login": email, "password": password})
    assert answer.status_code == 302, (answer.status_code, answer.content.decode()[:2000])
    print("sign-in")
    for name, path in (
        ("home", "/"),
        ("customers grid", "/customers/"),
        ("customer page", f"/customers/{customer.pk}/"),
    ):
        answer = browser.get(path, follow=True)  # the list opens at the filter of its own
        assert answer.status_code == 200, (path, answer.status_code)
        assert "/accounts/" not in answer.request["PATH_INFO"], answer.redirect_chain
        print(name)

    token = Switch.new_token()
    Switch.objects.create(name="switch of an upgrade", token_hash=Switch.hash_token(token))
    at = datetime.now(UTC) - timedelta(seconds=30)
    call = {"customer_id": customer.pk, "callid": "upgrade", "started_at": at.isoformat(), "sip_code": 200}
    before = Cdr.objects.count()
    answer = _send("cdrs", token, [call | {"duration_ms": 9000, "customer_charge": "0.25"}])
    assert answer["stored"] == 1, answer
    assert Cdr.objects.count() == before + 1
    print("cdrs")
    start = {
        "event": "start",
        "customer_id": customer.pk,
        "callid": "live",
        "at": datetime.now(UTC).isoformat(),
    }
    answer = _send("dialogs", token, [start])
    assert answer["accepted"] == 1, answer
    assert Dialog.objects.filter(callid="live").exists()
    print("dialogs")

    attempts = Listing.objects.get(pk=customer.pk).attempts_24h
    Pulse().tick(datetime.now(UTC))
    row = Listing.objects.get(pk=customer.pk)
    assert row.attempts_24h == attempts + 1, (attempts, row.attempts_24h)
    assert row.channels >= 1
    print("pulse")

    Customer.objects.filter(pk=customer.pk).update(name="Renamed by the last release")
    assert Listing.objects.get(pk=customer.pk).name == "Renamed by the last release"
    print("a customer is renamed")


def _send(path: str, token: str, rows: list[dict]) -> dict:
    answer = Client(headers=HOST).post(
        f"/api/switch/{path}",
        json.dumps(rows),
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}"},
    )
    assert answer.status_code == 200, (path, answer.status_code, answer.content[:500])
    return answer.json()


main(*sys.argv[1:])
