"""Who changed what: every writer goes through `acting`, triggers do the rest."""

from audit.acts import acting

__all__ = ["acting"]
