"""Exports what a Celery app gives its beat: settings, entries, and the message of each entry."""
from .export import export_app

__all__ = ['export_app']
