"""Arrays to datasets and back."""
