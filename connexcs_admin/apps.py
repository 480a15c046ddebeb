from django.apps import AppConfig
from django.conf import settings


class ConnexcsAdminConfig(AppConfig):
    name = "connexcs_admin"
    verbose_name = "Connex"

    def ready(self) -> None:
        # Importing some of them registers what they have.
        from connexcs_admin import checks, logs  # noqa: F401
        from connexcs_admin.health import queue  # noqa: F401

        if settings.LOG_FORMAT == "json":
            logs.log_everything()
