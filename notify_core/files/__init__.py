"""Files: spreadsheets, letters and reports, kept outside the database."""
