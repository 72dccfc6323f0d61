"""Exports what a Celery app gives its beat: settings, entries, and the message of each entry."""
