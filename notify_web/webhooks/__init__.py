"""What the providers call: delivery receipts."""
