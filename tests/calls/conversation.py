"""How tests speak to the switch doors: records as a switch sends them, over HTTP."""

import base64
import itertools
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from django.test import Client

numbers = itertools.count(1)


def now() -> datetime:
    return datetime.now(UTC)


def record(customer: Any, **fields: Any) -> dict[str, Any]:
    """A record of an answered call of one minute, five minutes ago, unless `fields` says otherwise."""
    started = fields.pop("started_at", now() - timedelta(minutes=5))
    values = {
        "customer_id": customer.pk,
        "callid": f"call-{next(numbers)}@switch",
        "started_at": started.isoformat() if isinstance(started, datetime) else started,
        "sip_code": 200,
        "duration_ms": 60_000,
        "pdd_ms": 1_500,
        **fields,
    }
    if values["sip_code"] != 200 and "duration_ms" not in fields:
        values["duration_ms"] = 0
    return values


def send(path: str, token: str, body: Any, *, client: Client | None = None, **headers: str) -> Any:
    """POSTs `body` (objects become JSON) with the token; gives Django's response."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return (client or Client()).post(
        f"/api/switch/{path}",
        raw,
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}", "Host": "localhost", **headers},
    )


def deliver(token: str, *records: dict[str, Any]) -> dict[str, Any]:
    """Delivers call records and gives the receipt, which must be a 200."""
    response = send("cdrs", token, list(records))
    assert response.status_code == 200, response.content
    return response.json()


def basic(name: str, token: str) -> str:
    """An Authorization header with the switch's name and token, for senders without headers of their own."""
    return "Basic " + base64.b64encode(f"{name}:{token}".encode()).decode()
