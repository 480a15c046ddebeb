"""News that this room announces."""

from django.dispatch import Signal

# Somebody shall get a link to set a password, by mail. Sent inside the transaction of the act. Arguments:
# contact, site (scheme, host and port of the portal), brand, by. A receiver that sees to it returns True.
link_wanted = Signal()
