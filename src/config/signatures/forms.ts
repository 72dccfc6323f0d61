import { didYouMean } from '../../util/did-you-mean.ts';
import { readKeySchema, type KeySchema } from '../keys/key-schema.ts';
import { expected, type Path, type Report } from '../validate.ts';
import { isMap } from '../../util/is-map.ts';
import { FORMS } from './schema.ts';

type Raw = Readonly<Record<string, unknown>>;
type Schema = keyof typeof FORMS;

/** The form of a signature, as users or Celery write it, with the paths of its parts. */
export type Form =
  | { readonly kind: 'task'; readonly schema: Schema }
  | { readonly kind: 'chain' | 'group'; readonly schema: Schema; readonly tasks: Path }
  | { readonly kind: 'chord'; readonly schema: Schema; readonly header: Path; readonly body: Path };

export const KEYS = Object.fromEntries(
  Object.entries(FORMS).map(([form, schema]) => [form, readKeySchema(schema)!]),
) as Record<Schema, KeySchema>;

const KINDS = ['chain', 'group', 'chord'] as const;

const CANVAS_TASK = /^celery\.(chain|group|chord)$/;

/** Celery's types of signatures that are sent as one task. */
const SINGLE = ['map', 'starmap', 'xmap', 'xstarmap'];

/** Returns `null` for a map that is not exactly one signature. */
export function findForm(map: Raw): Form | null {
  const kinds = KINDS.filter((kind) => Object.hasOwn(map, kind));
  if (kinds.length + Number(Object.hasOwn(map, 'task')) !== 1) return null;
  const [kind] = kinds;
  if (kind === 'chord') {
    return { kind, schema: kind, header: ['chord', 'header'], body: ['chord', 'body'] };
  }
  return kind ? { kind, schema: kind, tasks: [kind] } : findSerializedForm(map);
}

function findSerializedForm(map: Raw): Form {
  const type = map['subtask_type'] ?? map['subtaskType'];
  const named = typeof map['task'] === 'string' ? CANVAS_TASK.exec(map['task'])?.[1] : undefined;
  const kind = KINDS.find((each) => each === type || each === named);
  const schema = 'task';
  if (kind === 'chord') {
    return { kind, schema, header: ['kwargs', 'header'], body: ['kwargs', 'body'] };
  }
  return kind ? { kind, schema, tasks: ['kwargs', 'tasks'] } : { kind: 'task', schema };
}

/** Reports errors that only serialized signatures of Celery can have. `raw` has canonical names. */
export function checkSerialized(form: Form, raw: Raw, report: Report): void {
  const { subtaskType: type, args, kwargs } = raw;
  if (typeof type === 'string' && form.kind === 'task' && !SINGLE.includes(type)) {
    const known = [...KINDS, ...SINGLE];
    const allowed = `null, ${known.join(', ')}${didYouMean(type, known)}`;
    const chunks = type === 'chunks' ? ' (write the group that Celery makes of it)' : '';
    report(['subtaskType'], expected(allowed, type) + chunks);
  }
  if (form.schema !== 'task' || form.kind === 'task') return;
  if (Array.isArray(args) && args.length > 0) {
    report(['args'], `a ${form.kind} has no arguments of its own; they belong to its tasks`);
  }
  const own = isMap(kwargs) ? kwargs['kwargs'] : undefined;
  if (isMap(own) && Object.keys(own).length > 0) {
    report(['kwargs', 'kwargs'], 'a chord has no arguments of its own; they belong to its tasks');
  }
}

export function valueAt(raw: Raw, path: Path): unknown {
  return path.reduce<unknown>((here, key) => (isMap(here) ? here[key] : undefined), raw);
}
