"""Letters: what is printed and posted."""
