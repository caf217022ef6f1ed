"""The outbox: what is still to be put on a queue, committed together with the reason for it."""
