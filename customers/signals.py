"""News that this room announces."""

from django.dispatch import Signal

# Sent inside the transaction that created them. Arguments: customer_ids (list of int).
customers_created = Signal()
