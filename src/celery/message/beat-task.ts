/** The header with which Celery's beat marks scheduled tasks since 5.7. It is set last and overwrites a user's header. */
export const BEAT_TASK = 'celery_beat_task';
