/** Headers of beat's own, or that Celery's beat sets since 5.7. */
const MARKS: readonly string[] = ['celery_beat_task', 'periodic_task_name', 'beat_due_at'];

/** Headers without those that mark scheduled tasks. */
export function withoutMarks(
  headers: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !MARKS.includes(name)));
}
