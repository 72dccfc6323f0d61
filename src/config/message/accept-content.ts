import { SERIALIZERS } from '../../message/serializers/find.ts';
import type { SerializerName } from '../../message/serializers/serializer.ts';
import { expected, type Path, type Report } from '../validate.ts';
import type { TopSettings } from '../schema.ts';

/** Reports a serializer whose messages the workers would refuse, at its path. */
export type CheckAccepted = (
  serializer: SerializerName | undefined,
  path: Path,
  report: Report,
) => void;

/**
 * What `accept_content` says of messages. A worker throws away a message of another content type, so such a
 * serializer loses every run. Where the setting is left out it is not known what the workers' own says.
 */
export function acceptedBy({ acceptContent }: TopSettings): CheckAccepted {
  if (acceptContent === undefined) return () => {};
  const types = new Set(acceptContent.map(typeOf));
  const names = Object.values(SERIALIZERS).filter(({ contentType }) => types.has(contentType));
  const allowed =
    names.length > 0
      ? `${names.map(({ name }) => `'${name}'`).join(' or ')}, or acceptContent with it`
      : "acceptContent with 'json', 'yaml' or 'msgpack' in it: beat writes no other";
  return (serializer, path, report) => {
    if (serializer === undefined || types.has(SERIALIZERS[serializer].contentType)) return;
    report(path, `workers would refuse it by acceptContent; ${expected(allowed, serializer)}`);
  };
}

/** kombu takes names and content types; such as beat has no serializer for are the workers' matter. */
function typeOf(accepted: string): string {
  return Object.hasOwn(SERIALIZERS, accepted)
    ? SERIALIZERS[accepted as SerializerName].contentType
    : accepted;
}
