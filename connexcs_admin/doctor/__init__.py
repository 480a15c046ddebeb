"""What is not set up, or not well, and how to mend it: `manage.py doctor`.

settings.py variables, ground.py database and files, people.py who and what is in it, keeping.py backups; what
runs is looked at by connexcs_admin/health. Each finding has an id, a sentence and a remedy.
"""

from connexcs_admin.doctor.finding import ERROR, WARNING, Finding

__all__ = ["ERROR", "WARNING", "Finding"]
