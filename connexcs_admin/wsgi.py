"""The door for WSGI servers."""

import os
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "connexcs_admin.settings")

options: dict[str, Any] = settings.DATABASES["default"]["OPTIONS"]  # type: ignore[assignment]
options["options"] += f" -c statement_timeout={settings.WEB_STATEMENT_TIMEOUT_S}s"

application = get_wsgi_application()
