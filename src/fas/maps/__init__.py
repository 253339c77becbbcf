"""Maps of a face crop: pseudo depth, reflection. Pure functions of arrays."""
