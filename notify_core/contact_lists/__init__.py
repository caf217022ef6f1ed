"""Contact lists: files of recipients that a service keeps, to write to the same people again."""
