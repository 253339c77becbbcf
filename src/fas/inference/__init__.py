"""A trained method at work: on new media, and on stored faces for the pictures of a report."""
