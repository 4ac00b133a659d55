"""Plans of datasets: ``configuration`` (one dataset), ``grid`` (many), ``mixture`` (random ones)."""
