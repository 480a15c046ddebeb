"""Destinations and what a minute costs. Rates are whole ten-thousandths of a currency unit per minute.

Whole numbers keep the sums exact: a charge of 4 decimals is a whole number of the same unit.
"""

# ruff: noqa: E501 - a table, four destinations to a line

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Destination:
    """digits: random ones after the prefix. cost: USD, ten-thousandths per minute. weight: share of calls."""

    country: str
    prefix: str
    digits: int
    cost: int
    weight: int


DESTINATIONS = tuple(
    Destination(*row)
    for row in (
        ("US", "1212", 7, 45, 14), ("US", "1305", 7, 48, 8), ("GB", "44207", 7, 52, 8), ("GB", "447", 9, 210, 7),
        ("DE", "4930", 8, 62, 6), ("DE", "49151", 8, 240, 4), ("FR", "331", 8, 71, 4), ("FR", "336", 8, 265, 3),
        ("ES", "34612", 6, 190, 4), ("IT", "39347", 7, 255, 3), ("NO", "474", 7, 230, 2), ("NL", "316", 8, 290, 2),
        ("PL", "48501", 6, 175, 3), ("TR", "90532", 7, 480, 3), ("AE", "97150", 7, 1150, 3), ("SA", "96650", 7, 920, 2),
        ("KW", "9655", 7, 780, 1), ("IN", "9198", 8, 88, 9), ("PK", "92300", 7, 640, 4), ("BD", "88017", 8, 260, 4),
        ("NG", "234803", 7, 890, 4), ("ZA", "2782", 7, 410, 3), ("BR", "55119", 8, 330, 3), ("MX", "5255", 8, 120, 5),
        ("AU", "614", 8, 270, 2), ("SG", "659", 7, 160, 2), ("JP", "8190", 8, 560, 2), ("CN", "86138", 8, 115, 3),
        ("PH", "63917", 7, 740, 3), ("VN", "8490", 7, 620, 2),
    )
)  # fmt: skip

# Units of a currency per US dollar, in thousandths; rounded figures, good enough for a demo.
PER_DOLLAR = {
    "USD": 1000, "EUR": 920, "GBP": 790, "SGD": 1340, "AUD": 1510, "NOK": 10600, "ZAR": 18200, "JPY": 150000,
    "KWD": 307,
}  # fmt: skip

CURRENCIES = (
    ("USD", "US dollar", 2), ("EUR", "Euro", 2), ("GBP", "Pound sterling", 2), ("SGD", "Singapore dollar", 2),
    ("AUD", "Australian dollar", 2), ("NOK", "Norwegian krone", 2), ("ZAR", "South African rand", 2),
    ("JPY", "Japanese yen", 0), ("KWD", "Kuwaiti dinar", 3),
)  # fmt: skip
DIGITS = {code: digits for code, _name, digits in CURRENCIES}


def rate(cost: int, currency: str, percent: int) -> int:
    """A rate in `currency` from a cost in dollars, at `percent` of it; at least 0.0001."""
    return max(1, round(cost * PER_DOLLAR[currency] * percent / 100_000))


def charge(rate_per_minute: int, seconds: int) -> int:
    """The charge of a call in ten-thousandths, rounded half up; billed per second."""
    return (rate_per_minute * seconds + 30) // 60


def as_text(amount: int) -> str:
    """Ten-thousandths as a decimal text: 12345 -> 1.2345."""
    sign = "-" if amount < 0 else ""
    whole, part = divmod(abs(amount), 10_000)
    return f"{sign}{whole}.{part:04d}"
