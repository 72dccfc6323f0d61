import { z } from 'zod';
import { SERIALIZERS, type SerializerName } from '../../celery/message/serializers.ts';
import { expected, type Path, type Report } from '../validate.ts';
import { option, type ShapeOutput } from '../values/option.ts';

const CONTENT = "names of serializers or content types, such as 'json' or 'application/json'";

export const acceptContentShape = {
  acceptContent: option(
    z.array(z.string(CONTENT).min(1, CONTENT), `a list of ${CONTENT}`),
    'What the workers accept, by names or content types; a serializer that is not in it is an error.',
    { otherwise: 'not checked', example: ['json'] },
  ),
};

/** Reports a serializer whose messages the workers would reject, at its path. */
export type CheckAccepted = (
  serializer: SerializerName | undefined,
  path: Path,
  report: Report,
) => void;

/**
 * The check of serializers by `accept_content`. A worker discards a message of another content type, so such a
 * serializer loses every run. Without the setting nothing is checked: beat does not know the workers' own.
 */
export function acceptedContent({
  acceptContent,
}: ShapeOutput<typeof acceptContentShape>): CheckAccepted {
  if (acceptContent === undefined) return () => {};
  const types = new Set(acceptContent.map(contentType));
  const names = Object.values(SERIALIZERS).filter(({ contentType }) => types.has(contentType));
  const allowed =
    names.length > 0
      ? `${names.map(({ name }) => `'${name}'`).join(' or ')}, or acceptContent with it`
      : "acceptContent with 'json', 'yaml' or 'msgpack' in it: beat writes no other";
  return (serializer, path, report) => {
    if (serializer === undefined || types.has(SERIALIZERS[serializer].contentType)) return;
    report(path, `workers would reject it by acceptContent; ${expected(allowed, serializer)}`);
  };
}

/** kombu reads names and content types; unknown ones are content types of the workers' own serializers. */
function contentType(accepted: string): string {
  return Object.hasOwn(SERIALIZERS, accepted)
    ? SERIALIZERS[accepted as SerializerName].contentType
    : accepted;
}
