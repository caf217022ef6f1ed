"""One module for each subject; each command calls one use case, or starts a part of the system."""
