"""Users: the people of the teams that send."""
