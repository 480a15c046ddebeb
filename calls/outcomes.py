"""What the codes of signalling mean, in words for people who look at calls all day."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

# The final answers of SIP that are seen in the field (RFC 3261 and its kin).
_SIP = {
    200: _("answered"),
    202: _("accepted"),
    300: _("several choices"),
    301: _("moved for good"),
    302: _("moved for now"),
    400: _("request not understood"),
    401: _("sign-in asked for"),
    402: _("payment required"),
    403: _("forbidden"),
    404: _("number not found"),
    405: _("method not allowed"),
    406: _("not acceptable"),
    407: _("sign-in at the proxy asked for"),
    408: _("no reply in time"),
    410: _("number gone"),
    415: _("media not supported"),
    416: _("address scheme not supported"),
    420: _("extension not supported"),
    422: _("session interval too small"),
    423: _("interval too short"),
    428: _("identity missing"),
    433: _("anonymous calls refused"),
    436: _("identity certificate not found"),
    437: _("identity certificate not trusted"),
    438: _("identity not valid"),
    480: _("not available now"),
    481: _("call not known"),
    482: _("loop"),
    483: _("too many hops"),
    484: _("number incomplete"),
    485: _("number ambiguous"),
    486: _("busy"),
    487: _("given up by the caller"),
    488: _("media not acceptable"),
    491: _("request pending"),
    500: _("error of the server"),
    501: _("not implemented"),
    502: _("bad gateway"),
    503: _("service not available"),
    504: _("server did not reply in time"),
    505: _("version not supported"),
    513: _("message too large"),
    580: _("precondition not met"),
    600: _("busy everywhere"),
    603: _("declined"),
    604: _("exists nowhere"),
    606: _("not acceptable anywhere"),
    607: _("unwanted"),
    608: _("rejected on the way"),
}
_CLASSES = {1: _("in progress"), 2: _("answered"), 3: _("sent elsewhere"), 4: _("refused"),
            5: _("failed at a server"), 6: _("refused everywhere")}  # fmt: skip

# Causes of Q.850 that switches report.
_Q850 = {
    1: _("number not assigned"),
    2: _("no route to the network"),
    3: _("no route to the destination"),
    16: _("normal clearing"),
    17: _("busy"),
    18: _("no user responds"),
    19: _("no answer"),
    20: _("subscriber absent"),
    21: _("call rejected"),
    22: _("number changed"),
    27: _("destination out of order"),
    28: _("number format not valid"),
    31: _("normal, nothing more is known"),
    34: _("no circuit free"),
    38: _("network out of order"),
    41: _("temporary failure"),
    42: _("congestion at a switch"),
    50: _("facility not subscribed"),
    55: _("incoming calls barred"),
    57: _("capability not authorised"),
    58: _("capability not available now"),
    63: _("service not available"),
    65: _("capability not implemented"),
    79: _("service not implemented"),
    87: _("not a member of the group"),
    88: _("destination not compatible"),
    96: _("mandatory element missing"),
    102: _("timer expired"),
    111: _("protocol error"),
    127: _("interworking, nothing more is known"),
}


def sip_words(code: int) -> str:
    """`busy` for 486; the class of the code where the code is a rare one."""
    return str(_SIP.get(code) or _CLASSES.get(code // 100) or "")


def q850_words(cause: int | None) -> str:
    """`normal clearing` for 16; empty where the cause has no name here."""
    return str(_Q850.get(cause or 0, ""))


def tone(code: int, connected: bool) -> str:
    """How a result is coloured: an answer is good, the called side's own doing neutral, the rest a fault."""
    if connected:
        return "good"
    if code in (404, 408, 410, 480, 484, 486, 487, 600, 603, 604):
        return ""
    return "bad" if code >= 500 or code in (402, 403) else "warn"
