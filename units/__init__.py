"""Who serves the city, and where things are: units, duties, territory."""
