/** What another scheduler has left in a store or a folder. */
export interface SchedulerTrace {
  /** The scheduler and where it is, such as `RedBeat (redbeat::schedule)`. */
  readonly scheduler: string;
  /** A text that changes while the scheduler works. */
  readonly mark: string;
  /** Whether it holds a lock at this moment. */
  readonly isLocked: boolean;
}

/** The table of entries of django-celery-beat. */
export const DJANGO_TABLE = 'django_celery_beat_periodictask';

/** Most entries of django-celery-beat that one check reads, so that a large table delays no commit. */
export const MAX_DJANGO_ENTRIES = 1_000;

/** The trace of django-celery-beat with the newest run of its entries, as the client of the database returns it. */
export function describeDjango(newestRun: unknown): SchedulerTrace {
  const mark = newestRun instanceof Date ? newestRun.toISOString() : String(newestRun);
  return { scheduler: 'django-celery-beat', mark, isLocked: false };
}

/** Finds traces of other schedulers. Must be cheap: the leader calls it once a minute. Rejects if access is denied. */
export type FindSchedulers = () => Promise<readonly SchedulerTrace[]>;
