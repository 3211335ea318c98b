"""What the assistant's process loads: its channel, its memory and its own pipeline steps."""
