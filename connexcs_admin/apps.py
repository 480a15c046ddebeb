from django.apps import AppConfig


class ConnexcsAdminConfig(AppConfig):
    name = "connexcs_admin"
    verbose_name = "Connex"

    def ready(self) -> None:
        from connexcs_admin import checks  # noqa: F401 - importing registers them
        from connexcs_admin.health import queue  # noqa: F401 - importing connects it: messages say when
