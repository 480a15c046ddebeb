"""News that this room announces."""

from django.dispatch import Signal

# Sent when somebody took a file out of a grid. Arguments: user, name (of the file), rows (how many), query
# (the state that it shows, as an address has it).
exported = Signal()
