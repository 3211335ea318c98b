"""Routing: from a citizen's words and a place to the unit that answers for the matter."""
