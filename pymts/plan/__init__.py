"""What is to be made, before anything is made: ``configuration`` (one dataset), ``grid`` (many), ``mixture`` (random)."""
