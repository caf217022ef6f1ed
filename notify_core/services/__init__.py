"""Services: the tenants of the platform."""
