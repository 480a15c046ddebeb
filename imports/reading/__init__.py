"""From the bytes of a file to records of texts, with every guess and its reason."""

from imports.reading.refusal import Unreadable
from imports.reading.texts import Reading, Record, guess_reading, records

__all__ = ["Reading", "Record", "Unreadable", "guess_reading", "records"]
