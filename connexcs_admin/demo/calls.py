"""A month of call records, made customer by customer as lines for COPY."""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import accumulate

from connexcs_admin.demo.arguments import DAYS, RESELLERS, SWITCH_IP, Arguments
from connexcs_admin.demo.customers import DemoCustomer
from connexcs_admin.demo.ground import CARRIERS, Ground
from connexcs_admin.demo.outcomes import ANSWERED, FAILED_OVER, SIZE, Tables, draw
from connexcs_admin.demo.tariff import DESTINATIONS, Destination, as_text, charge, rate

COLUMNS = (
    "customer_id", "started_at", "start_us", "switch_id", "callid", "attempt", "is_last", "batch_id",
    "direction", "cli", "destination", "cli_received", "destination_received", "tech_prefix",
    "destination_country",
    "source_ip", "switch_ip", "auth_user", "ingress_route_id", "carrier_id", "reseller_id",
    "connected", "duration_ms", "ring_ms", "pdd_ms", "pdd_out_ms",
    "sip_code", "sip_reason", "q850", "released_by", "release_reason", "codec",
    "customer_charge", "customer_billed_ms", "carrier_charge", "carrier_billed_ms", "carrier_currency",
    "reseller_charge", "reseller_currency",
)  # fmt: skip

_SLOT_S = 600
_SLOTS = DAYS * 86_400 // _SLOT_S
_LAST_DAY = 86_400 // _SLOT_S
_SHARE_OF_LAST_DAY = 0.25
_BY_HOUR = (8, 5, 4, 3, 4, 8, 18, 38, 66, 90, 100, 98, 88, 90, 99, 100, 95, 86, 74, 62, 48, 34, 22, 13)
_BY_WEEKDAY = (100, 103, 104, 102, 98, 55, 42)
_CODECS = ("PCMA", "PCMA", "PCMU", "G729")
_LONGEST_MS = 3_600_000

# A destination with its rate, the reseller's rate (0: no reseller) and what each carrier takes.
Entry = tuple[Destination, int, int, list[int]]


@dataclass(slots=True)
class History:
    """What the records add up to, filled while they are written.

    charges: customer id -> {days since 1970 (UTC): ten-thousandths}. batches: day -> records.
    """

    charges: dict[int, dict[int, int]] = field(default_factory=dict)
    batches: dict[int, int] = field(default_factory=dict)


def shares(customers: list[DemoCustomer], total: int) -> list[int]:
    """Whole records per customer by weight, exactly `total` (0 where nobody calls): largest remainders."""
    exact = [customer.weight * total for customer in customers]
    if not any(exact):
        return [0] * len(customers)
    counts = [int(value) for value in exact]
    by_remainder = sorted(range(len(exact)), key=lambda index: counts[index] - exact[index])
    for index in by_remainder[: total - sum(counts)]:
        counts[index] += 1
    return counts


def choose_destinations(customer: DemoCustomer, arguments: Arguments) -> list[Destination]:
    """The six to ten destinations that a customer calls, always the same ones."""
    rng = arguments.chance(f"destinations/{customer.number}")
    bag = [destination for destination in DESTINATIONS for _ in range(destination.weight)]
    return list(dict.fromkeys(rng.choices(bag, k=rng.randrange(7, 14))))[:10]


def cli_ranges(customer: DemoCustomer, arguments: Arguments) -> list[str]:
    """Beginnings of the numbers a customer calls from; three digits follow."""
    rng = arguments.chance(f"clis/{customer.number}")
    return [f"{customer.company.place.dial}{rng.randrange(200_000, 899_999)}" for _ in range(2)]


class Writer:
    """Writes lines and sums what they cost. `first_batch` is the id of the first day's batch."""

    def __init__(self, arguments: Arguments, ground: Ground, first_batch: int) -> None:
        self.arguments = arguments
        self.history = History()
        self.rng = arguments.chance("calls")
        self.tables: Tables = draw(arguments)
        self.end_ms = int(arguments.until.timestamp() * 1000)
        self.first_day = (self.end_ms - DAYS * 86_400_000) // 86_400_000 - 1
        self.first_batch = first_batch
        self.switch_id = ground.switch.pk
        self.carrier_ids = [carrier.pk for carrier in ground.carriers]
        self.carrier_bag = [n for n, shape in enumerate(CARRIERS) for _ in range(shape.share)]
        self.others = [
            [n for n, shape in enumerate(CARRIERS) if not shape.failing and n != first]
            for first in range(len(CARRIERS))
        ]
        self.reseller_ids = [reseller.pk for reseller in ground.resellers]
        self.number = 0

    def lines(self, customers: list[DemoCustomer]) -> Iterator[str]:
        counts = shares(customers, self.arguments.cdrs)
        for customer, count in zip(customers, counts, strict=True):
            if count:
                yield from self._of(customer, count)

    def _of(self, customer: DemoCustomer, count: int) -> Iterator[str]:
        """`count` lines of one customer. Long, because a call to a function costs as much as a line."""
        rng, tables, history = self.rng, self.tables, self.history
        bits, mask = rng.getrandbits, SIZE - 1
        lines = _Lines(self, customer)
        entries = lines.entries()
        asr_bar, acd_ms = int(customer.asr / 100 * SIZE), customer.acd * 1000
        pdd_factor = customer.pdd
        sums: dict[int, int] = {}
        left = count
        # Each failover uses two of the lines; the few starts that are not needed are thrown away.
        for slot in self._slots(customer, count):
            if left <= 0:
                break
            draw_one = bits(64)
            destination, rate_e4, resale_e4, costs = entries[draw_one & 63]
            carrier = self.carrier_bag[draw_one >> 6 & 31]
            failing = CARRIERS[carrier].failing
            pdd = int(tables.pdd[draw_one >> 11 & mask] * pdd_factor)
            pdd_out = tables.slow_pdd[draw_one >> 11 & mask] if failing else pdd - 60
            lost = left > 1 and (draw_one >> 23 & 255) < (150 if failing else 6)
            connected = (draw_one >> 31 & mask) < asr_bar
            if failing and not lost:
                pdd = pdd_out + 60
            elif lost:
                pdd += pdd_out
            ring = tables.ring[draw_one >> 43 & mask]
            if connected:
                talk = min(_LONGEST_MS, int(tables.talk[draw_one >> 52 & mask] * acd_ms) + 1000)
                seconds = -(-talk // 1000)
                whole = pdd + ring + talk
            else:
                ring, rang, ending = tables.failed[draw_one >> 52 & mask]
                talk = seconds = 0
                whole = pdd + ring
            start = slot + (draw_one >> 5) % (_SLOT_S * 1000)
            if start + whole > self.end_ms:
                start = self.end_ms - whole - (draw_one >> 7) % (_SLOT_S * 1000)
            self.number += 1
            head = lines.head(start, draw_one)
            number = f"{destination.prefix}{(draw_one >> 20) % 10**destination.digits:0{destination.digits}d}"
            if lost:
                left -= 1
                yield (
                    f"{head}1\tf\t{lines.middle(start, destination.country, number, draw_one, carrier)}"
                    f"f\t0\t\\N\t\\N\t{pdd_out}\t{FAILED_OVER}\t\t0.0000\t0\t0.0000\t0\t{CARRIERS[carrier].currency}"
                    f"\t{lines.no_resale}\n"
                )
                others = self.others[carrier]
                carrier = others[draw_one % len(others)]
                pdd_out = tables.pdd[draw_one >> 13 & mask]
            left -= 1
            attempt = "2\tt\t" if lost else "1\tt\t"
            middle = lines.middle(start, destination.country, number, draw_one, carrier)
            currency = CARRIERS[carrier].currency
            if connected:
                cost = (rate_e4 * seconds + 30) // 60
                day = start // 86_400_000
                sums[day] = sums.get(day, 0) + cost
                resale = as_text(charge(resale_e4, seconds)) if resale_e4 else lines.resale_zero
                yield (
                    f"{head}{attempt}{middle}t\t{talk}\t{ring}\t{pdd}\t{pdd_out}\t{ANSWERED[draw_one & 1]}"
                    f"\t{_CODECS[draw_one >> 3 & 3]}\t{as_text(cost)}\t{seconds * 1000}"
                    f"\t{as_text(charge(costs[carrier], seconds))}\t{seconds * 1000}\t{currency}"
                    f"\t{resale}\t{lines.resale_currency}\n"
                )
            else:
                delays = f"{ring}\t{pdd}\t{pdd_out}" if rang else "\\N\t\\N\t\\N"
                yield (
                    f"{head}{attempt}{middle}f\t0\t{delays}\t{ending}\t\t0.0000\t0\t0.0000\t0\t{currency}"
                    f"\t{lines.no_resale}\n"
                )
        history.charges[customer.id] = {day: amount for day, amount in sums.items() if amount}

    def _slots(self, customer: DemoCustomer, count: int) -> list[int]:
        """Starts of ten-minute slots, milliseconds since 1970; as many as calls at most."""
        weights = _slot_weights(self.end_ms, round(customer.company.place.hours))
        usable = _SLOTS - customer.stops * 3600 // _SLOT_S
        first = self.end_ms - _SLOTS * _SLOT_S * 1000
        reach = weights[usable - 1]
        return [
            first + bisect_left(weights, self.rng.random() * reach, 0, usable - 1) * _SLOT_S * 1000
            for _ in range(count)
        ]


class _Lines:
    """The pieces of a line that hardly change from call to call of one customer."""

    def __init__(self, writer: Writer, customer: DemoCustomer) -> None:
        self.writer = writer
        self.customer = customer
        self.clis = cli_ranges(customer, writer.arguments)
        self.before = f"{customer.id}\t"
        self.reseller = "\\N" if customer.reseller is None else str(writer.reseller_ids[customer.reseller])
        self.resale_currency = "" if customer.reseller is None else RESELLERS[customer.reseller][1]
        self.resale_zero = "\\N" if customer.reseller is None else "0.0000"
        self.no_resale = f"{self.resale_zero}\t{self.resale_currency}"
        self.carriers = [f"\t{customer.route_id}\t{pk}\t{self.reseller}\t" for pk in writer.carrier_ids]
        self.source = f"{customer.source_ip or chr(92) + 'N'}\t{SWITCH_IP}\t{customer.auth_user}"

    def entries(self) -> list[Entry]:
        """A table of 64 destinations by share."""
        customer = self.customer
        chosen = choose_destinations(customer, self.writer.arguments)
        total = sum(destination.weight for destination in chosen)
        entries: list[Entry] = []
        for destination in chosen:
            slots = max(1, round(64 * destination.weight / total))
            entries += [self._entry(destination)] * slots
        while len(entries) < 64:
            entries.append(entries[0])
        return entries[:64]

    def _entry(self, destination: Destination) -> Entry:
        customer = self.customer
        resale = 0
        if customer.reseller is not None:
            resale = rate(destination.cost, RESELLERS[customer.reseller][1], (100 + customer.markup) // 2)
        return (
            destination,
            rate(destination.cost, customer.currency, customer.markup),
            resale,
            [rate(destination.cost, shape.currency, shape.cost) for shape in CARRIERS],
        )

    def head(self, start: int, draw_one: int) -> str:
        writer = self.writer
        return (
            f"{self.before}{_minute(start // 60_000)}{start // 1000 % 60:02d}+00\t{start % 1000 * 1000}"
            f"\t{writer.switch_id}\t{writer.number:x}-{draw_one:016x}\t"
        )

    def middle(self, start: int, country: str, number: str, draw_one: int, carrier: int) -> str:
        day = start // 86_400_000
        batches = self.writer.history.batches
        batches[day] = batches.get(day, 0) + 1
        cli = f"{self.clis[draw_one >> 9 & 1]}{draw_one >> 10 & 511:03d}"
        prefix = self.customer.tech_prefix
        return (
            f"{self.writer.first_batch + day - self.writer.first_day}\ttermination\t{cli}\t{number}\t{cli}"
            f"\t{prefix}{number}\t{prefix}\t{country}\t{self.source}{self.carriers[carrier]}"
        )


@cache
def _minute(minute: int) -> str:
    return f"{datetime.fromtimestamp(minute * 60, UTC):%Y-%m-%d %H:%M:}"


@cache
def _slot_weights(end_ms: int, hours: int) -> list[float]:
    """Running sums of the slots' weights: busy by day, a quarter of all in the last 24 hours."""
    first = datetime.fromtimestamp(end_ms / 1000 - _SLOTS * _SLOT_S, UTC) + timedelta(hours=hours)
    weights = []
    for slot in range(_SLOTS):
        at = first + timedelta(seconds=slot * _SLOT_S)
        here, following = _BY_HOUR[at.hour], _BY_HOUR[(at.hour + 1) % 24]
        weights.append((here + (following - here) * at.minute / 60) * _BY_WEEKDAY[at.weekday()])
    older, newest = sum(weights[:-_LAST_DAY]), sum(weights[-_LAST_DAY:])
    boost = _SHARE_OF_LAST_DAY / (1 - _SHARE_OF_LAST_DAY) * older / newest
    weights[-_LAST_DAY:] = [weight * boost for weight in weights[-_LAST_DAY:]]
    return list(accumulate(weights))
