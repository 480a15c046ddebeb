"""What the portal's middleware adds to a request, for type checkers and readers."""

from contacts.models import Contact
from customers.models import Customer
from users.requests import SignedInRequest


class PortalRequest(SignedInRequest):
    """A request as a view of the portal sees it: who asks, and for which customer."""

    contact: Contact
    customer: Customer
