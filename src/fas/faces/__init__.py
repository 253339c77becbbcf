"""Faces in images: detection, dense mesh, following over a video, alignment and crops."""
