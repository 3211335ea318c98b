"""The text-message port."""
