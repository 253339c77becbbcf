"""`fas compare`: two systems on the same presentations."""
