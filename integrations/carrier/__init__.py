"""A carrier's own gateway over plain signed HTTP: a second adapter of both ports."""
