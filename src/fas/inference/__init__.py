"""Applies a trained method to new media, and to stored faces for the pictures of a report."""
