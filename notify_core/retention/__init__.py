"""Personal data goes on its day: dropped by the day, moved to other days when a service's setting changes."""
