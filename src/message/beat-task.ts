/** The header by which Celery's beat, from 5.7 on, marks what it sends. It comes last, and wins. */
export const BEAT_TASK = 'celery_beat_task';
