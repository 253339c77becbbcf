"""Raw datasets on disk: recipes, the table of presentations, protocols."""
