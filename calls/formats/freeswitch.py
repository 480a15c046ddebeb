"""FreeSWITCH: the bodies of mod_json_cdr, one JSON object per channel.

Only caller legs are calls of a customer; a leg towards a carrier is left out. Times come from the
microseconds of UTC (`…_uepoch`); their `…_stamp` twins are local time without a zone and are not read.
"""

import base64
import binascii
import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote, unquote_plus

from django.utils.translation import gettext as _

from calls.fields import Cause, Refused, shown
from calls.formats.reading import Item, Layout, Skipped, dialled, each, filled
from calls.records import Delivery

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DIGITS = re.compile(r"[0-9]{1,18}")
# What FreeSWITCH writes as %XX when it encodes values. A value with one of these bare was not encoded.
_NEVER_BARE = re.compile(r"[\x00-\x20#&+:;<=>?@\[\\\]^`{|}\"\x7f-\U0010ffff]")
_SIP_CAUSE = re.compile(r"sip:([1-6][0-9]{2})")

# The answer FreeSWITCH itself gives to the caller for a cause, where no carrier's answer is known.
_CODES = {
    "ORIGINATOR_CANCEL": 487,
    "UNALLOCATED_NUMBER": 404,
    "NO_ROUTE_TRANSIT_NET": 404,
    "NO_ROUTE_DESTINATION": 404,
    "USER_BUSY": 486,
    "NO_USER_RESPONSE": 408,
    "NO_ANSWER": 480,
    "SUBSCRIBER_ABSENT": 480,
    "CALL_REJECTED": 603,
    "NUMBER_CHANGED": 410,
    "REDIRECTION_TO_NEW_DESTINATION": 410,
    "DESTINATION_OUT_OF_ORDER": 502,
    "INVALID_NUMBER_FORMAT": 484,
    "FACILITY_REJECTED": 501,
    "NORMAL_UNSPECIFIED": 480,
    "REQUESTED_CHAN_UNAVAIL": 503,
    "NORMAL_CIRCUIT_CONGESTION": 503,
    "NETWORK_OUT_OF_ORDER": 503,
    "NORMAL_TEMPORARY_FAILURE": 503,
    "SWITCH_CONGESTION": 503,
    "GATEWAY_DOWN": 503,
    "OUTGOING_CALL_BARRED": 403,
    "INCOMING_CALL_BARRED": 403,
    "BEARERCAPABILITY_NOTAUTH": 403,
    "BEARERCAPABILITY_NOTAVAIL": 503,
    "INCOMPATIBLE_DESTINATION": 488,
    "RECOVERY_ON_TIMER_EXPIRE": 504,
    "USER_NOT_REGISTERED": 480,
}
_OTHER_CODE = 480
_BY_SWITCH = {
    "ALLOTTED_TIMEOUT",
    "MEDIA_TIMEOUT",
    "SYSTEM_SHUTDOWN",
    "MANAGER_REQUEST",
    "RECOVERY_ON_TIMER_EXPIRE",
}
_RELEASED_BY = {"recv_bye": "origin", "recv_cancel": "origin", "send_bye": "destination"}

# Variables that FreeSWITCH sets by itself. All others come from the dialplan or the directory and are kept.
_OWN = (
    "sip_", "rtp_", "switch_", "remote_", "local_", "read_", "write_", "ep_", "channel_", "session_", "dtmf_",
    "current_", "last_", "bridge_", "originate", "originating_", "endpoint_", "hangup_", "digits_", "video_",
    "audio_", "progress", "answer", "start_", "end_", "profile_start_", "bill", "duration", "flow_bill",
    "mduration", "uduration", "wait", "hold_", "codec_", "presence_", "recovery_", "signal_", "uuid",
    "direction", "state", "event_", "verto_", "proto_specific", "max_forwards", "text_media", "DP_MATCH",
    "call_uuid", "accountcode", "customer_id", "carrier",
)  # fmt: skip
_KEPT_MOST = 8 * 1024
_KEPT_VALUE = 512


def split(body: bytes) -> list[Item]:
    """A body is one record, whatever its Content-Type says: mod_json_cdr loses that header on a setting."""
    return [(0, body)]


def read(items: Iterable[Item], layout: Layout) -> Delivery:
    return each(items, _read_one)


def _read_one(content: str) -> dict[str, Any]:
    body = _object(content)
    variables = _variables(body)
    flows = _callflow(body)
    _leave_out_legs_to_carriers(body, variables, flows)
    first = _first_profile(flows)
    uuid = variables.get("uuid", "") or str(first.get("uuid", ""))
    callid = variables.get("sip_call_id", "") or uuid
    if not callid:
        raise Refused("uuid", _("It is missing, and so is sip_call_id."))
    called = str(first.get("destination_number", "")) or variables.get("sip_req_user", "")
    caller = str(first.get("caller_id_number", "")) or variables.get("sip_from_user", "")
    record: dict[str, Any] = {
        "callid": callid,
        "cli": dialled(caller),
        "destination": dialled(called),
        "cli_received": variables.get("sip_from_user", "") or caller,
        "destination_received": variables.get("sip_req_user", "") or called,
        "source_ip": variables.get("sip_network_ip") or first.get("network_addr") or None,
        "switch_ip": variables.get("sip_local_network_addr") or None,
        "auth_user": variables.get("sip_auth_username", "") or variables.get("user_name", ""),
        "codec": variables.get("read_codec", ""),
        "release_reason": variables.get("hangup_cause", ""),
        "q850": _q850(variables.get("hangup_cause_q850", "")),
        "account": variables.get("customer_id", "") or variables.get("accountcode", ""),
        "carrier": variables.get("carrier_id", "") or variables.get("carrier", ""),
        "meta": {"freeswitch": _kept(body, variables, uuid)},
    }
    record |= _times(variables, flows)
    record |= _ending(variables, connected=record["connected"])
    return filled(record)


# --- Reading the body


def _object(content: str) -> dict[str, Any]:
    """The JSON of a body: bare, as the form field `cdr`, or as an error file keeps either."""
    content = content.strip()
    if content.startswith("cdr="):
        content = content[4:]
    if content[:3].upper() == "%7B":
        content = unquote_plus(content)
    elif not content.startswith("{"):
        try:
            content = base64.b64decode(content, validate=True).decode()
        except (binascii.Error, ValueError):
            raise Refused("", _("This is no JSON object of mod_json_cdr."), Cause.UNREADABLE) from None
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise Refused(
            "", _("This is no valid JSON: %(error)s.") % {"error": error}, Cause.UNREADABLE
        ) from None
    if not isinstance(value, dict):
        raise Refused("", _("%(value)s is not a JSON object.") % {"value": shown(value)}, Cause.UNREADABLE)
    return value


def _variables(body: dict[str, Any]) -> dict[str, str]:
    """The channel variables, decoded. Whether a body is percent-encoded shows in what its values hold."""
    found = body.get("variables")
    if not isinstance(found, dict):
        raise Refused("variables", _("It is missing. This is no body of mod_json_cdr."), Cause.UNREADABLE)
    plain = {str(name): str(value) for name, value in found.items() if isinstance(value, str | int | float)}
    if any(_NEVER_BARE.search(value) for value in plain.values()):
        return plain
    return {name: unquote(value) if "%" in value else value for name, value in plain.items()}


def _callflow(body: dict[str, Any]) -> list[dict[str, Any]]:
    """Newest first. Old builds write one object; where they repeat the key, the oldest is what is left."""
    found = body.get("callflow")
    flows = found if isinstance(found, list) else [found]
    return [flow for flow in flows if isinstance(flow, dict)]


def _first_profile(flows: list[dict[str, Any]]) -> dict[str, Any]:
    """What the caller dialled: the oldest profile. Later ones are where a transfer took the call."""
    for flow in reversed(flows):
        if isinstance(profile := flow.get("caller_profile"), dict):
            return profile
    return {}


def _leave_out_legs_to_carriers(
    body: dict[str, Any], variables: dict[str, str], flows: list[dict[str, Any]]
) -> None:
    channel = body.get("channel_data")
    outbound = isinstance(channel, dict) and channel.get("direction") == "outbound"
    called_by = variables.get("originator") or variables.get("originating_leg_uuid")
    profiles = (flow.get("caller_profile") for flow in flows)
    if outbound or called_by or any(isinstance(one, dict) and one.get("originator") for one in profiles):
        raise Skipped(_("a leg towards a carrier (B-leg)"))


def _kept(body: dict[str, Any], variables: dict[str, str], uuid: str) -> dict[str, Any]:
    """What goes to the record's meta: names of the switch, quality, and the dialplan's own variables."""
    kept: dict[str, Any] = {"uuid": uuid}
    for name in ("core-uuid", "switchname"):
        if isinstance(body.get(name), str):
            kept[name.replace("-", "_")] = body[name]
    for name in ("last_bridge_hangup_cause", "originate_failed_cause", "bridge_hangup_cause"):
        if name in variables:
            kept[name] = variables[name]
    stats = body.get("callStats")
    audio = stats.get("audio") if isinstance(stats, dict) else None
    inbound = audio.get("inbound") if isinstance(audio, dict) else None
    if isinstance(inbound, dict) and isinstance(inbound.get("mos"), int | float | str):
        kept["mos"] = inbound["mos"]
    left, own = _KEPT_MOST, {}
    for name, value in sorted(variables.items()):
        left -= len(name) + min(len(value), _KEPT_VALUE)
        if name.startswith(_OWN) or left < 0:
            left += len(name) + min(len(value), _KEPT_VALUE)
            continue
        own[name] = value[:_KEPT_VALUE]
    return {**kept, "variables": own} if own else kept


def _q850(value: str) -> int | None:
    """A cause of Q.850; FreeSWITCH's own causes lie above 127 and are told by their names."""
    return int(value) if _DIGITS.fullmatch(value) and 0 < int(value) <= 127 else None


# --- Times and endings


def _moment(source: dict[str, Any], name: str) -> datetime | None:
    """Microseconds since 1970, UTC, as a time. Nothing and "0" both mean that it never came to that."""
    value = str(source.get(name) or "0")
    if not _DIGITS.fullmatch(value):
        raise Refused(name, _("%(value)s is no count of microseconds.") % {"value": shown(value)})
    try:
        return _EPOCH + timedelta(microseconds=int(value)) if int(value) else None
    except OverflowError:
        raise Refused(name, _("%(value)s is no time.") % {"value": shown(value)}) from None


def _milliseconds(variables: dict[str, str], name: str) -> int | None:
    value = variables.get(name) or "0"
    if not re.fullmatch(r"-?[0-9]{1,18}", value) or int(value) < 0:
        raise Refused(name, _("%(value)s is no count of milliseconds.") % {"value": shown(value)})
    return int(value) or None


def _times(variables: dict[str, str], flows: list[dict[str, Any]]) -> dict[str, Any]:
    times: dict[str, Any] = next(
        (flow["times"] for flow in reversed(flows) if isinstance(flow.get("times"), dict)), {}
    )
    started = _moment(variables, "start_uepoch") or _moment(times, "created_time")
    if started is None:
        raise Refused(
            "start_uepoch",
            _("It is missing. Without it nobody can say when the call was, whatever its zone."),
        )
    answered = _moment(variables, "answer_uepoch")
    ended = _moment(variables, "end_uepoch")
    for name, moment in (("answer_uepoch", answered), ("end_uepoch", ended)):
        if moment and moment < started:
            raise Refused(name, _("%(time)s lies before the start of the call.") % {"time": moment})
    if ended and answered and ended < answered:
        raise Refused("end_uepoch", _("%(time)s lies before the answer.") % {"time": ended})
    return {
        "started_at": started.isoformat(),
        "connected": answered is not None,
        "duration_ms": _talk(variables, answered, ended),
        **_delays(variables, started, answered, ended),
    }


def _talk(variables: dict[str, str], answered: datetime | None, ended: datetime | None) -> int:
    if answered is None:
        return 0
    talk = _milliseconds(variables, "billmsec")
    if talk is None and ended:
        talk = _whole_ms(ended - answered)
    if talk is None:
        talk = (_milliseconds(variables, "billsec") or 0) * 1000
    return talk


def _delays(
    variables: dict[str, str], started: datetime, answered: datetime | None, ended: datetime | None
) -> dict[str, Any]:
    """PDD is the time to the first ringing, or to the answer where nobody heard it ring."""
    rang = [_milliseconds(variables, name) for name in ("progressmsec", "progress_mediamsec")]
    first = min((delay for delay in rang if delay), default=None)
    until = answered or ended
    ring = None
    if first is not None and until:
        ring = max(0, _whole_ms(until - started) - first)
    if first is None and answered:
        first = _milliseconds(variables, "answermsec") or _whole_ms(answered - started)
    return {"pdd_ms": first, "ring_ms": ring}


def _whole_ms(span: timedelta) -> int:
    return span // timedelta(milliseconds=1)


def _ending(variables: dict[str, str], *, connected: bool) -> dict[str, Any]:
    cause = variables.get("hangup_cause", "")
    disposition = variables.get("sip_hangup_disposition", "")
    carrier = _SIP_CAUSE.fullmatch(variables.get("last_bridge_proto_specific_hangup_cause", ""))
    own = _SIP_CAUSE.fullmatch(variables.get("proto_specific_hangup_cause", ""))
    if connected:
        code = 200
    elif cause == "ORIGINATOR_CANCEL":
        code = _CODES[cause]
    else:
        told = [int(found[1]) for found in (carrier, own) if found and int(found[1]) >= 300]
        code = told[0] if told else _CODES.get(cause, _OTHER_CODE)
    released = _RELEASED_BY.get(disposition, "")
    if disposition == "send_refuse":
        released = "destination" if carrier else "switch"
    if cause in _BY_SWITCH:
        released = "switch"
    return {"sip_code": code, "released_by": released}
