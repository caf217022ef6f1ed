"""What the public API is, told to programs (OpenAPI) and to people (one page), from what it is made of."""
