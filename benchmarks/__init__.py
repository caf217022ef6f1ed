"""How fast it is, always beside a limit measured in the same run: machines are noisy, ratios less so."""
