"""Model files: which there are, and getting them here. Finding them is in audio/models.py."""
