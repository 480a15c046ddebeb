"""Call records as other switches write them, each format in its own module.

A module turns the bytes of single records ("items") into records of our own schema (docs/switch-api.md),
without a database. Whose call it was is settled later, in calls.callers, by the names a record carries:
`account`, `auth_user`, `source_ip`.
"""
