from customers.models.bulk import BulkChange
from customers.models.customer import (
    Attestation,
    CallWindow,
    Customer,
    InvoiceSchedule,
    NumberBlock,
    PaidMode,
    RtpFirewall,
)
from customers.models.listing import FeedState, Listing, SearchTerm, Sparkline
from customers.models.scheduled import ScheduledChange
from customers.statuses import Status

__all__ = [
    "Attestation",
    "BulkChange",
    "CallWindow",
    "Customer",
    "FeedState",
    "InvoiceSchedule",
    "Listing",
    "NumberBlock",
    "PaidMode",
    "RtpFirewall",
    "ScheduledChange",
    "SearchTerm",
    "Sparkline",
    "Status",
]
