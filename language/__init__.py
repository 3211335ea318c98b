"""Chinese text as citizens type and say it. Pure: no database, no web, both interpreters."""
