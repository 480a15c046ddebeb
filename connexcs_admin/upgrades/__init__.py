"""Upgrades while calls come in: old and new code share one database for a while.

last_release.py what is out in the world, rule.py what a migration may do to it, steps.py `manage.py upgrade`.
Decision 0016 has the reasons, docs/how-to/upgrade.md the recipes.
"""
