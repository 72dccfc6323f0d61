import type { Redis } from 'ioredis';

/**
 * What every script begins with: `lacking(command, key, …)` is an error reply when this user may not run
 * the command on that key, and `false` when it may. A script that fails half-way is not rolled back, so it
 * asks for all of its commands before the first that writes. `failure(command, key, answer)` makes an error
 * reply of the answer to a `pcall` that failed, and `false` of any other.
 *
 * Redis answers this itself since version 7. Before, the only way to know is to run the command: on
 * `probe`, a key of another type than the command is for, where it writes nothing. Whether this user may
 * use the real keys Redis has checked when it took them as keys of the script. A script without such a
 * key (`probe` is nil) has to order its writes so that the first to fail is the first of all.
 */
export const RIGHTS = `
  local function no_right(command, key)
    return redis.error_reply('NORIGHT ' .. command .. ' ' .. key)
  end

  local function failure(command, key, answer)
    local text = type(answer) == 'table' and answer.err
    if not text then return false end
    local denied = text:find('NOPERM', 1, true) or text:find('The user executing the script', 1, true)
    return denied and no_right(command, key) or answer
  end

  local probe
  local function lacking(command, key, ...)
    if redis.acl_check_cmd then
      return not redis.acl_check_cmd(command, key, ...) and no_right(command, key)
    end
    local found = probe and failure(command, key, redis.pcall(command, probe, ...))
    return found and not found.err:find('WRONGTYPE', 1, true) and found or false
  end
`;

/** A command that Redis knows and this user may not run, or not on that key. */
export class DeniedError extends Error {
  override name = 'DeniedError';
  /** In capitals; empty when Redis does not say. */
  readonly command: string;
  /** Keys or channels; empty when it is the command alone that is denied. */
  readonly keys: readonly string[];

  constructor(command: string, keys: readonly string[], options?: ErrorOptions) {
    const on = keys.map((key) => JSON.stringify(key)).join(', ');
    super(`may not run ${command}${on === '' ? '' : ` on ${on}`}`, options);
    this.command = command;
    this.keys = keys;
  }
}

interface Command {
  readonly name: string;
  readonly args: readonly unknown[];
}

/** The commands that beat sends by themselves and whose first argument is a key or a channel. */
const ON_FIRST: ReadonlySet<string> = new Set([
  ...['SET', 'HSCAN', 'HMGET', 'SMEMBERS', 'ZRANGEBYLEX', 'PUBLISH', 'SUBSCRIBE'],
]);

/** What a script or Redis itself refuses for want of a right; `null` for any other error. */
export function deniedBy(error: unknown): DeniedError | null {
  if (error instanceof DeniedError) return error;
  if (!(error instanceof Error)) return null;
  const { message, cause } = error;
  const [, asked, key] = /^NORIGHT (\S+) (.*)$/s.exec(message) ?? [];
  if (asked !== undefined) return new DeniedError(asked, key ? [key] : [], { cause: error });
  if (!message.startsWith('NOPERM')) return cause === undefined ? null : deniedBy(cause);
  // ioredis adds the command to the error.
  const { name = '', args = [] } = (error as { command?: Partial<Command> }).command ?? {};
  const whole = /run the '(.+?)' command/.exec(message)?.[1];
  const command = (whole ?? name).toUpperCase().replace('|', ' ');
  if (ON_FIRST.has(command)) return new DeniedError(command, [String(args[0])], { cause: error });
  // Of a script whose keys are denied all of them are candidates.
  const ofScript = whole === undefined && /^EVAL(SHA)?$/.test(command);
  const keys = ofScript ? args.slice(2, 2 + Number(args[1])).map(String) : [];
  return new DeniedError(command, keys, { cause: error });
}

/**
 * Which of a script's keys this user may not use: Redis says only that it is one of them. Each is tried
 * by a script that does nothing.
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
 * Whether it is for some of its keys that Redis refused a script: they are of another type, or this user
 * may not use them. It then did nothing, and without those keys it would. A right that is missing for one of
 * `own`, or for all keys, is not.
 */
export function isAboutKeys(cause: unknown, own: readonly string[] = []): boolean {
  if (!(cause instanceof DeniedError)) return /\bWRONGTYPE\b/.test(String(cause));
  return cause.keys.length > 0 && !cause.keys.some((key) => own.includes(key));
}
