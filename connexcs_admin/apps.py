from django.apps import AppConfig


class ConnexcsAdminConfig(AppConfig):
    name = "connexcs_admin"
    verbose_name = "Connex"
