"""Call records to measure with: a file of NDJSON as a switch writes it, by chance and yet always the same."""

import json
import random
from bisect import bisect
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path

_COUNTRIES = ("DE", "GB", "FR", "US", "IN", "NG", "PL", "ES", "IT", "BR", "MX", "TR", "UA", "EG", "PK", "BD")
_FAILURES = (486, 480, 404, 503, 487, 403)


RATE = 2_000  # records a second, as from a busy switch


def write(path: Path, *, count: int, customers: list[int], first: int) -> None:
    """`count` records, numbered from `first`, of customers with Zipf's shares: live traffic, newest last."""
    with path.open("w") as file:
        for line in lines(count=count, customers=customers, first=first, hours=count / RATE / 3600):
            file.write(line)


def lines(*, count: int, customers: list[int], first: int, hours: float) -> Iterator[str]:
    rng = random.Random(first)
    shares = list(accumulate(1 / (rank + 1) ** 1.05 for rank in range(len(customers))))
    start = datetime.now(UTC) - timedelta(hours=hours)
    step = timedelta(hours=hours) / max(1, count)
    for number in range(first, first + count):
        connected = rng.random() < 0.5
        cli, destination = rng.randrange(10**9, 10**10), rng.randrange(10**9, 10**10)
        start += step
        record = {
            "customer_id": customers[bisect(shares, rng.random() * shares[-1])],
            "callid": f"{number:x}-{rng.getrandbits(64):016x}@10.0.0.1",
            "started_at": start.isoformat(timespec="milliseconds"),
            "cli": f"44{cli}",
            "destination": f"49{destination}",
            "cli_received": f"+44{cli}",
            "destination_received": f"00149{destination}",
            "tech_prefix": "001",
            "destination_country": rng.choice(_COUNTRIES),
            "source_ip": "203.0.113.7",
            "switch_ip": "198.51.100.1",
            "carrier_id": rng.randrange(1, 6),
            "ingress_route_id": rng.randrange(1, 1_000),
            "sip_code": 200 if connected else rng.choice(_FAILURES),
            "duration_ms": rng.randrange(1_000, 600_000) if connected else 0,
            "ring_ms": rng.randrange(1_000, 20_000),
            "pdd_ms": rng.randrange(200, 9_000),
            "pdd_out_ms": rng.randrange(200, 9_000),
            "codec": "PCMA",
            "customer_charge": f"{rng.randrange(0, 3_000) / 10_000:.4f}" if connected else "0",
            "customer_billed_ms": 60_000 if connected else 0,
            "carrier_charge": f"{rng.randrange(0, 2_000) / 10_000:.4f}" if connected else "0",
            "carrier_billed_ms": 60_000 if connected else 0,
            "carrier_currency": "USD",
        }
        yield json.dumps(record) + "\n"
