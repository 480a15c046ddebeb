from calls.models.cdr import Cdr, CdrBatch, Direction
from calls.models.dialog import Dialog, DialogState
from calls.models.figures import (
    CustomerDay,
    CustomerHour,
    FigureDelta,
    LiveSample,
    MinuteBucket,
    TrafficDay,
    TrafficHour,
)
from calls.models.files import ReadFile
from calls.models.halves import CallState, HalfCall
from calls.models.quarantine import QuarantinedRecord, QuarantineState, UnreadBody
from calls.models.switch import CdrFormat, Switch

__all__ = [
    "CallState",
    "Cdr",
    "CdrBatch",
    "CdrFormat",
    "CustomerDay",
    "CustomerHour",
    "Dialog",
    "DialogState",
    "Direction",
    "FigureDelta",
    "HalfCall",
    "LiveSample",
    "MinuteBucket",
    "QuarantineState",
    "QuarantinedRecord",
    "ReadFile",
    "Switch",
    "TrafficDay",
    "TrafficHour",
    "UnreadBody",
]
