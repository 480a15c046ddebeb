"""News that this room announces."""

from django.dispatch import Signal

# Sent inside the transaction that stored a batch of records, before it commits.
# Arguments: batch_id (int), charges (dict of customer id -> Decimal sum of the new records' charges).
cdrs_stored = Signal()

# Sent when a switch's delivery has been answered for, after the commit.
# Arguments: stored, known, refused (int): what became of its records.
delivery_received = Signal()
