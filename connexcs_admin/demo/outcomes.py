"""How calls end: tables drawn once, so that a million calls cost a million look-ups.

Pieces of lines are in COPY's text format. Times are milliseconds.
"""

import math
import random
from dataclasses import dataclass

from connexcs_admin.demo.arguments import Arguments

SIZE = 4096  # a power of two: an index is a mask

# sip code, reason, q850, released by, share, rings: 2 always, 1 sometimes, 0 never
_FAILURES = (
    (486, "Busy Here", 17, "destination", 30, 1),
    (480, "Temporarily Unavailable", 18, "destination", 20, 2),
    (487, "Request Terminated", 16, "origin", 24, 2),
    (404, "Not Found", 1, "carrier", 13, 0),
    (503, "Service Unavailable", 34, "carrier", 6, 0),
    (484, "Address Incomplete", 28, "carrier", 3, 0),
    (408, "Request Timeout", 102, "switch", 2, 0),
    (603, "Decline", 21, "destination", 2, 1),
)


@dataclass(frozen=True)
class Tables:
    """talk: factors on a customer's ACD, mean 1. pdd: delays. Each has SIZE entries.

    failed: (ring, delay or None, columns sip_code … release_reason) of calls nobody answered.
    ring: of answered ones.
    """

    talk: list[float]
    pdd: list[int]
    slow_pdd: list[int]
    ring: list[int]
    failed: list[tuple[int, bool, str]]


def draw(arguments: Arguments) -> Tables:
    rng = arguments.chance("outcomes")
    talk = [rng.lognormvariate(0, 0.95) for _ in range(SIZE)]
    mean = math.fsum(talk) / SIZE
    failures = [row for row in _FAILURES for _ in range(row[4])]
    return Tables(
        talk=[factor / mean for factor in talk],
        pdd=[round(min(4000, max(800, rng.lognormvariate(7.35, 0.38)))) for _ in range(SIZE)],
        slow_pdd=[round(max(8500, rng.gauss(11_200, 1300))) for _ in range(SIZE)],
        ring=[round(min(28_000, rng.expovariate(1 / 5500) + 700)) for _ in range(SIZE)],
        failed=[_failure(rng, rng.choice(failures)) for _ in range(SIZE)],
    )


def _failure(rng: random.Random, row: tuple[int, str, int, str, int, int]) -> tuple[int, bool, str]:
    code, reason, q850, released_by, _share, rings = row
    rang = rings == 2 or (rings == 1 and rng.random() < 0.55)
    ring = round(rng.uniform(4000, 45_000)) if rings == 2 else round(rng.uniform(300, 2500)) if rang else 0
    return ring, rang, f"{code}\t{reason}\t{q850}\t{released_by}\t{reason.lower()}"


ANSWERED = (
    "200\tOK\t16\torigin\tnormal clearing",
    "200\tOK\t16\tdestination\tnormal clearing",
)
FAILED_OVER = "503\tService Unavailable\t34\tcarrier\tnext carrier"
