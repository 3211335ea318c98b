"""What the line can answer: service items, their search and their answers."""
