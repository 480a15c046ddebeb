"""Is everything there that this installation needs, and does it do its work? Answered in sentences."""

from connexcs_admin.health.finding import Finding
from connexcs_admin.health.probes import PROBES, findings

__all__ = ["PROBES", "Finding", "findings"]
