"""Rows as Kamailio writes them to acc and acc_cdrs, made up after its published columns."""

from datetime import UTC, datetime, timedelta
from typing import Any


def _naive(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def acc(method: str, callid: str, at: datetime, *, code: int = 200, **fields: Any) -> dict[str, Any]:
    """One row of acc with time_hires, for a call from 203.0.113.7."""
    reason = {200: "OK", 486: "Busy Here", 503: "Service Unavailable", 487: "Request Terminated"}.get(
        code, "No"
    )
    return {
        "id": 1,
        "method": method,
        "from_tag": f"f-{callid}",
        "to_tag": f"t-{callid}-{code}",
        "callid": callid,
        "sip_code": str(code),
        "sip_reason": reason,
        "time": _naive(at),
        "time_hires": at.timestamp(),
        "src_user": "442079460123",
        "src_ip": "203.0.113.7",
        "dst_user": "+4930123456",
        **fields,
    }


def acc_cdr(callid: str, start: datetime, lasted_s: float, **fields: Any) -> dict[str, Any]:
    """One row of acc_cdrs, with cdr_start_on_confirmed: start is the answer."""
    return {
        "id": 1,
        "start_time": _naive(start),
        "end_time": _naive(start + timedelta(seconds=lasted_s)),
        "duration": lasted_s,
        "callid": callid,
        "src_user": "442079460123",
        "src_ip": "203.0.113.7",
        "dst_user": "+4930123456",
        **fields,
    }
