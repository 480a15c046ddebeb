"""By which way a change came in."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Source(models.TextChoices):
    """Kept with every act under `source`. Acts from before it was kept have none."""

    FORM = "form", _("form")
    PORTAL = "portal", _("portal")
    API = "api", _("API")
    ADMIN = "admin", _("Django admin")
    UPLOAD = "upload", _("upload")
    BULK = "bulk", _("bulk edit")
    SCHEDULE = "schedule", _("scheduled")
    REVERT = "revert", _("revert")
    SYSTEM = "system", _("system")
