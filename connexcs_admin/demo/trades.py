"""Kinds of customers and how each of them calls."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Trade:
    """asr: percent, low and high. acd: seconds of talk per answered call, low and high.

    share: percent of customers. size: factor on the traffic of its customers. postpaid: share of those who
    pay afterwards, in percent. markup: percent of the tariff's cost, low and high.
    """

    name: str
    share: int
    asr: tuple[float, float]
    acd: tuple[int, int]
    size: float
    postpaid: int
    markup: tuple[int, int]
    tags: tuple[str, ...]


TRADES = (
    Trade("wholesale", 18, (38, 56), (70, 220), 3.0, 60, (112, 130), ("wholesale", "a-z")),
    Trade("retail", 45, (52, 65), (110, 300), 0.6, 45, (150, 260), ("retail",)),
    Trade("call centre", 22, (44, 60), (60, 160), 1.5, 30, (130, 190), ("call-centre",)),
    Trade("dialer", 15, (35, 44), (14, 40), 2.0, 10, (135, 180), ("dialer", "short-duration")),
)
