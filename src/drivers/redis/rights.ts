import type { Redis } from 'ioredis';

/** A command that this user may not run, or not on these keys. */
export class DeniedError extends Error {
  override name = 'DeniedError';
  /** In capitals; empty when unknown. */
  readonly command: string;
  /** Keys or channels; empty when the command is denied on all keys. */
  readonly keys: readonly string[];

  constructor(command: string, keys: readonly string[], options?: ErrorOptions) {
    const on = keys.map((key) => JSON.stringify(key)).join(', ');
    super(`may not run ${command}${on === '' ? '' : ` on ${on}`}`, options);
    this.command = command;
    this.keys = keys;
  }
}

/** The commands whose first argument is a key or a channel, among those that beat sends outside scripts. */
const KEY_FIRST = ['SET', 'HSCAN', 'HMGET', 'SMEMBERS', 'ZRANGEBYLEX', 'LRANGE', 'PUBLISH', 'SUBSCRIBE', 'PSUBSCRIBE'];

function findCommand(error: Error): { readonly name: string; readonly args: readonly unknown[] } {
  const { name = '', args = [] } = (error as { command?: { name?: string; args?: readonly unknown[] } }).command ?? {};
  return { name, args };
}

/** The key of another type that made a script or a command fail; `null` for any other error. */
export function findWrongType(error: unknown): string | null {
  if (!(error instanceof Error) || !error.message.startsWith('WRONGTYPE ')) return null;
  const named = error.message.slice('WRONGTYPE '.length);
  if (!named.startsWith('Operation against')) return named;
  const { name, args } = findCommand(error);
  return /^eval/i.test(name) || args.length === 0 ? null : String(args[0]);
}

/** The missing right that made a script or a command fail; `null` for any other error. */
export function findDenied(error: unknown): DeniedError | null {
  if (error instanceof DeniedError) return error;
  if (!(error instanceof Error)) return null;
  const { message, cause } = error;
  const [, checked, key] = /^NORIGHT (\S+) (.*)$/s.exec(message) ?? [];
  if (checked !== undefined) return new DeniedError(checked, key ? [key] : [], { cause: error });
  if (!message.startsWith('NOPERM')) return cause === undefined ? null : findDenied(cause);
  const { name, args } = findCommand(error);
  const whole = /run the '(.+?)' command/.exec(message)?.[1];
  const command = (whole ?? name).toUpperCase().replace('|', ' ');
  if (KEY_FIRST.includes(command)) return new DeniedError(command, [String(args[0])], { cause: error });
  // Redis does not report which key of a script is denied.
  const ofScript = whole === undefined && /^EVAL(SHA)?$/.test(command);
  const keys = ofScript ? args.slice(2, 2 + Number(args[1])).map(String) : [];
  return new DeniedError(command, keys, { cause: error });
}

/**
 * Finds the keys of a script that this user may not use. Redis reports only that one key is denied, so a script without
 * effect runs on each key.
 */
export async function deniedKeys(client: Redis, denied: DeniedError): Promise<DeniedError> {
  if (denied.keys.length < 2 || !denied.command.startsWith('EVAL')) return denied;
  const keys: string[] = [];
  for (const key of new Set(denied.keys)) {
    const answer = await client.eval('return 1', 1, key).catch((error: unknown) => error);
    if (answer instanceof Error && answer.message.startsWith('NOPERM')) keys.push(key);
  }
  if (keys.length === 0) return denied;
  return new DeniedError(denied.command, keys, { cause: denied.cause });
}

/**
 * Whether Redis rejected a script because of some of its keys: they have another type, or this user may not use
 * them. The script then wrote nothing, and would succeed without those keys. `false` if the right is missing for
 * all keys, or for one of `own`.
 */
export function isAboutKeys(cause: unknown, own: readonly string[] = []): boolean {
  if (!(cause instanceof DeniedError)) return /\bWRONGTYPE\b/.test(String(cause));
  return cause.keys.length > 0 && !cause.keys.some((key) => own.includes(key));
}
