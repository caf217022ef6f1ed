"""Services' own servers, which are called back.

caller.py        HttpCaller: one call, with its redirects, and how it ended
addresses.py     where a host's name leads to, and whether calls may go there
connections.py   connections to an address that was judged, and a deadline that nobody can talk past

Not built on `notify_adapters.http`: that looks names up by itself, and trusts its servers to come to an end.
"""

from notify_adapters.callbacks.caller import HttpCaller

__all__ = ["HttpCaller"]
