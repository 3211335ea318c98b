"""Files that bring entries: our own YAML, tables by a mapping, the national JSON."""
