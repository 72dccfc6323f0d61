"""beat for Celery apps: the exporter that `beat import celery` runs with the Python of a project."""
