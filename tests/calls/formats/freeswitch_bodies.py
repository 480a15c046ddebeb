"""Bodies as mod_json_cdr writes them, made up after its published field list."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

UNSAFE = '\r\n #%&+:;<=>?@[\\]^`{|}"'


def encoded(value: str) -> str:
    """A channel variable as FreeSWITCH writes it with encode-values on, which is its default."""
    return "".join(
        f"%{byte:02X}" if byte < 32 or byte > 126 or chr(byte) in UNSAFE else chr(byte)
        for byte in value.encode()
    )


def micros(moment: datetime | None) -> str:
    if moment is None:
        return "0"
    return str((moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1))


def leg(
    start: datetime,
    *,
    uuid: str,
    progress_ms: int = 0,
    answer_ms: int = 0,
    talk_ms: int = 0,
    lasted_ms: int = 0,
    cause: str = "NORMAL_CLEARING",
    encode: bool = True,
    callflow: Any = "array",
    direction: str | None = "inbound",
    **variables: str,
) -> dict[str, Any]:
    """One channel. answer_ms, progress_ms: after the start, 0 where it never came to that."""
    answer = start + timedelta(milliseconds=answer_ms) if answer_ms else None
    end = start + timedelta(milliseconds=answer_ms + talk_ms if answer_ms else lasted_ms)
    local = start + timedelta(hours=2)  # stamps are local time without a zone, and must not be read
    values = {
        "uuid": uuid,
        "direction": "inbound",
        "sip_call_id": f"{uuid}@198.51.100.20",
        "sip_from_user": "+442079460123",
        "sip_req_user": "+4930123456",
        "sip_network_ip": "203.0.113.7",
        "sip_user_agent": "Büro “PBX” 7.1",
        "start_stamp": local.strftime("%Y-%m-%d %H:%M:%S"),
        "start_uepoch": micros(start),
        "progress_uepoch": micros(start + timedelta(milliseconds=progress_ms) if progress_ms else None),
        "answer_uepoch": micros(answer),
        "end_uepoch": micros(end),
        "progressmsec": str(progress_ms),
        "progress_mediamsec": "0",
        "answermsec": str(answer_ms),
        "waitmsec": str(answer_ms),
        "duration": str((end - start) // timedelta(seconds=1)),
        "billsec": str(talk_ms // 1000),
        "billmsec": str(talk_ms),
        "hangup_cause": cause,
        "hangup_cause_q850": {"NORMAL_CLEARING": "16", "USER_BUSY": "17", "NO_ANSWER": "19"}.get(cause, "31"),
        "read_codec": "PCMA",
        **variables,
    }
    if encode:
        values = {name: encoded(value) for name, value in values.items()}
    flow = {
        "dialplan": "XML",
        "caller_profile": {
            "username": "acme",
            "caller_id_number": "442079460123",
            "network_addr": "203.0.113.7",
            "destination_number": "+4930123456",
            "uuid": uuid,
            "chan_name": "sofia/external/+442079460123@203.0.113.7",
        },
        "times": {"created_time": micros(start), "answered_time": micros(answer), "hangup_time": micros(end)},
    }
    channel = {"state": "CS_REPORTING", "state_number": "11", "flags": "0=1;1=1;3=1"}
    if direction:
        channel["direction"] = direction
    return {
        "core-uuid": "6b1b7f0c-0000-4000-8000-000000000001",
        "switchname": "fra-1",
        "channel_data": channel,
        "callStats": {"audio": {"inbound": {"mos": 4.5, "quality_percentage": 100}}},
        "variables": values,
        "callflow": [flow] if callflow == "array" else flow,
    }


def body(*args: Any, **kwargs: Any) -> bytes:
    return json.dumps(leg(*args, **kwargs), ensure_ascii=False).encode()
