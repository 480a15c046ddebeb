"""News that this room announces, and what it asks."""

from django.dispatch import Signal

# Asked after the password was right and before a session is made. Arguments: request, user.
# A receiver returns a sentence for the person where this user may not come in now, else None.
signing_in = Signal()
