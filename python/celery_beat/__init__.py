"""beat for Celery apps: the scheduler `celery_beat`, and the exporter of `beat import celery`."""
