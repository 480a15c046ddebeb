"""Small traffic plans."""

from __future__ import annotations

from typing import Any


def plan(customers: int = 20, **fields: Any) -> dict[str, Any]:
    """A plan as `manage.py demo` writes one: ids from 1. fields: of every customer, such as acd_s."""
    return {
        "version": 1,
        "token": "a-token",
        "switch_ip": "192.0.2.250",
        "carriers": [carrier(7, share=9), carrier(8, share=6), carrier(9, share=3, failing=True)],
        "destinations": [
            {"prefix": "4930", "country": "DE", "digits": 8, "weight": 3},
            {"prefix": "1212", "country": "US", "digits": 7, "weight": 1},
        ],
        "customers": [customer(number, **fields) for number in range(1, customers + 1)],
    }


def carrier(pk: int, *, share: int, failing: bool = False) -> dict[str, Any]:
    return {
        "id": pk,
        "name": f"Carrier {pk}",
        "currency": "USD",
        "failing": failing,
        "share": share,
        "rates": {"4930": "0.0062", "1212": "0.0045"},
    }


def customer(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "id": number,
        "weight": 1 / number,
        "asr": 50.0,
        "acd_s": 120.0,
        "hours": 0,
        "channels_limit": None,
        "cps_limit": None,
        "currency": "EUR",
        "rates": {"4930": "0.0120", "1212": "0.0090"},
        "ingress_route_id": 100 + number,
        "tech_prefix": "",
        "source_ip": "192.0.2.1",
        "auth_user": "",
        "cli_ranges": ["44207946"],
        "reseller": None,
        **fields,
    }
