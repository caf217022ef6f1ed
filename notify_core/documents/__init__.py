"""Files sent by email: kept by a file service, and shown to the recipient as a link."""
