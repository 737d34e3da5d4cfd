"""The main job, shown end to end on services of its own."""
