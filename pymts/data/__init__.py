"""Arrays to datasets and back: ``dataset`` knows dims and coordinates, ``truth`` the vocabulary of the ground truth."""
