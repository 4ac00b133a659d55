"""What is to be made: ``configuration`` (one dataset), ``grid`` (many), ``mixture`` (random ones)."""
