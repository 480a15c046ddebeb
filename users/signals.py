"""News that this room announces, and what it asks."""

from enum import StrEnum

from django.dispatch import Signal

# Asked after somebody has proven who it is and before a session is made. Arguments: request, user.
# A receiver returns a sentence for the person where this user may not come in now, else None.
signing_in = Signal()

# Told inside the transaction of what happened. Arguments: kind (News), user (whose sign-in it is about),
# detail (text for whoever reads it later; never a secret).
sign_in_news = Signal()


class News(StrEnum):
    """What happens to somebody's sign-in besides coming and going."""

    CODE_FAILED = "code_failed"
    RECOVERY_CODE_USED = "recovery_code_used"
    CONFIRMED = "confirmed"
    CONFIRM_FAILED = "confirm_failed"
    SESSION_ENDED = "session_ended"
    FACTOR_ADDED = "factor_added"
    FACTOR_CHANGED = "factor_changed"
    FACTOR_REMOVED = "factor_removed"
    CODES_MADE = "codes_made"
    FACTORS_RESET = "factors_reset"
    PASSWORD_SET = "password_set"  # noqa: S105 - a name
