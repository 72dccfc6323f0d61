/** A number of seconds, as in Celery, or text with units: `500ms`, `8s`, `5m`, `2h`, `1d`, `1h30m`. */
export type Duration = number | string;

/**
 * An instant: ISO 8601 text or a `Date`. Text without an offset is read in the entry's time zone
 * (its own, else the configuration's).
 */
export type Instant = string | Date;
