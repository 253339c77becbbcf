"""The methods of the field, one folder each."""
