"""Parameters and steps that several models share: a ``network``, correlated ``noise``, coupled ``units``."""
