"""What a probe found."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    sentence: what was found, fit for the eyes of strangers: no names of hosts, no versions, no texts of
    exceptions. remedy: what an operator does about it; empty when ok.
    """

    name: str
    ok: bool
    sentence: str
    remedy: str = ""
