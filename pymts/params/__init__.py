"""Parameters: fields, types, validation."""
