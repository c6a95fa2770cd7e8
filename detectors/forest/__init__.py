"""The anomaly model: its vector, its training, its judgement, and the artefact between the two."""
