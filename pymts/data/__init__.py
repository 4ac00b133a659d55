"""Arrays to datasets and back: ``dataset`` defines dims and coordinates, ``truth`` the names of the ground truth."""
