"""The voice port: what a call does to the line, and what the line answers, for any exchange."""
