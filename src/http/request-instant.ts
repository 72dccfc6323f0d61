import { EXACT_INSTANT_FORMS, isSendable, parseExactInstant, parseInstant } from '../celery/message/parse-instant.ts';

/** The allowed forms of an instant of the API, for error messages. */
export const REQUEST_INSTANT_FORMS = `${EXACT_INSTANT_FORMS}, in the years 1 to 9999`;

/**
 * Parses an instant of the API into epoch milliseconds; `null` if it has no offset or is outside the range of ISO 8601.
 */
export function readExactInstant(text: string): number | null {
  return inRange(parseExactInstant(withPlus(text)));
}

/**
 * Parses an instant of a page into epoch milliseconds: local time in the zone unless it has an offset. `null` if it is
 * invalid.
 */
export function readLocalInstant(text: string, zone: string): number | null {
  return inRange(parseInstant(withPlus(text), zone));
}

function inRange(at: number | null): number | null {
  return isSendable(at) ? at : null;
}

/** Restores the plus sign of an offset: in a query, a plus sign that is not encoded means a space. */
function withPlus(text: string): string {
  return text.replace(/(T\d\d:?\d\d\S*) (\d\d:?\d\d)$/i, '$1+$2');
}
