"""Names of companies and people, unique without case."""

import random
import unicodedata
from dataclasses import dataclass

from connexcs_admin.demo.places import PLACES, Place

_NO_ASCII = str.maketrans(
    {"ø": "o", "Ø": "o", "ł": "l", "Ł": "l", "ß": "ss", "æ": "ae", "Æ": "ae", "ı": "i", "đ": "d", "þ": "th"}
)


@dataclass(frozen=True, slots=True)
class Company:
    """slug: the stem in ASCII letters, for mail addresses."""

    name: str
    slug: str
    place: Place


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    slug: str


def ascii_word(text: str) -> str:
    """Lower-case ASCII letters and digits of `text`; may be empty."""
    plain = unicodedata.normalize("NFKD", text.translate(_NO_ASCII))
    return "".join(letter for letter in plain.lower() if letter.isascii() and letter.isalnum())


def _halves(part: str) -> tuple[str, str]:
    """`native/roman`, or one word that is both."""
    native, _, roman = part.partition("/")
    return native, roman or native


class Companies:
    """Gives out companies; no name twice, none of `taken` (lower case)."""

    def __init__(self, rng: random.Random, taken: set[str]) -> None:
        self.rng = rng
        self.taken = taken
        self.bag = [place for place in PLACES for _ in range(place.weight)]

    def next(self) -> Company:
        place = self.rng.choice(self.bag)
        for attempt in range(12):
            company = self._compose(place, with_city=attempt > 1, numbered=attempt > 3)
            key = company.name.lower()
            if key not in self.taken:
                self.taken.add(key)
                return company
        raise RuntimeError(f"No free company name is left in {place.country}.")  # 9,000 numbers per city

    def _compose(self, place: Place, *, with_city: bool, numbered: bool) -> Company:
        pick = self.rng.choice
        first, roman_first = _halves(pick(place.first))
        second, roman_second = _halves(pick(place.second))
        trade, _roman = _halves(pick(place.trades))
        stem = first + place.inner + second
        legal = pick(place.legal)
        # A Japanese company is called by its legal form first.
        parts = (legal, stem, trade) if place.country == "JP" else (stem, trade, legal)
        name = place.join.join(parts)
        if with_city:
            name += f" ({pick(place.cities)})"
        if numbered:
            name += f" {self.rng.randrange(10, 10_000)}"
        return Company(name, ascii_word(roman_first + roman_second) or "company", place)


def person(rng: random.Random, place: Place) -> Person:
    given, roman_given = _halves(rng.choice(place.given))
    family, roman_family = _halves(rng.choice(place.family))
    order = (family, given) if place.join == "" else (given, family)
    return Person(place.join.join(order), f"{ascii_word(roman_given)}.{ascii_word(roman_family)}")
