"""Callbacks: telling services' own programs what became of messages, and what people texted or complained of."""
