from django.apps import AppConfig
from django.db.models.signals import post_migrate


class UsersConfig(AppConfig):
    name = "users"
    verbose_name = "Users"

    def ready(self) -> None:
        from users import factors, roles, sessions  # noqa: F401 - the last two connect receivers

        post_migrate.connect(roles.seed_after_migrate, dispatch_uid="users.seed_roles")
