"""The door for WSGI servers."""

import os
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "connexcs_admin.settings")

# A web request that waits longer than this for a lock or a query is a fault, not patience. Migrations,
# repairs and the pulse may take as long as the data asks for.
options: dict[str, Any] = settings.DATABASES["default"]["OPTIONS"]  # type: ignore[assignment]
options["options"] += " -c statement_timeout=60s"

application = get_wsgi_application()
