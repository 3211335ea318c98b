"""Telephone calls as the line knows them, whichever exchange carries them."""
