"""The door for WSGI servers."""

import os
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "connexcs_admin.settings")

# Helpers of a parallel scan are for queries that have the machine to themselves: with many requests at once
# they cost CPU time and gain none (30 ms a list).
options: dict[str, Any] = settings.DATABASES["default"]["OPTIONS"]  # type: ignore[assignment]
options["options"] += (
    f" -c statement_timeout={settings.WEB_STATEMENT_TIMEOUT_S}s -c max_parallel_workers_per_gather=0"
)

application = get_wsgi_application()
