"""What the doctor found."""

from dataclasses import dataclass

ERROR, WARNING = "error", "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """level: ERROR, something does not work or is not safe; WARNING, it will not stay so, or is not finished.

    id: stays the same over releases, for machines that watch. remedy: a command to copy, where it can be.
    """

    id: str
    level: str
    sentence: str
    remedy: str
