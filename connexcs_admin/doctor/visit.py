"""All of it, in the order in which a person mends."""

from collections.abc import Callable, Iterable

from django.db import DatabaseError, InterfaceError, connection

from connexcs_admin import env, health
from connexcs_admin.doctor import ground, keeping, people, settings
from connexcs_admin.doctor.finding import ERROR, Finding

# Before a first migration each of these would only say that its table is missing.
_NEEDS_SCHEMA: tuple[Callable[[], Iterable[Finding]], ...] = (
    ground.extensions,
    people.administrators,
    people.content,
    people.switches,
)
_PROBES_OF_TABLES = {"beat", "worker", "pulse", "partitions"}


def findings() -> list[Finding]:
    """Everything that is not as it should be; [] when all is well. Changes nothing."""
    found = list(settings.unreadable())
    if {"DATABASE_URL", "REDIS_URL"} & env.problems().keys():
        # What would be asked is not known; the variables come first.
        return [*found, *settings.checked(database=False), *settings.contradictory()]
    probes = {probe.name: probe for probe in health.findings()}
    is_up, is_migrated = probes["database"].ok, probes["migrations"].ok
    found += settings.checked(database=is_up and is_migrated)
    found += settings.contradictory()
    found += [
        Finding(f"health.{probe.name}", ERROR, probe.sentence, probe.remedy)
        for probe in probes.values()
        if not probe.ok and (is_migrated or probe.name not in _PROBES_OF_TABLES)
    ]
    if is_up:
        for look in (ground.database, ground.clocks, *(_NEEDS_SCHEMA if is_migrated else ())):
            found += _seen(look)
    return [*found, *ground.static_files(), *keeping.backups()]


def _seen(look: Callable[[], Iterable[Finding]]) -> list[Finding]:
    try:
        return list(look())
    except (DatabaseError, InterfaceError) as error:
        connection.close()
        words = str(error).strip().splitlines()[0]
        return [
            Finding(f"doctor.{look.__name__}", ERROR, f"Could not look: {words}", "See the database's log.")
        ]


def exit_code(found: list[Finding]) -> int:
    """0 all is well, 1 warnings, 2 errors."""
    if not found:
        return 0
    return 2 if any(each.level == ERROR for each in found) else 1
