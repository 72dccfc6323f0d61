import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { parseJson } from '../util/decode/json.ts';
import { UndecodableError } from '../util/decode/limits.ts';
import { ConfigError } from '../util/errors.ts';
import { isMap } from '../util/is-map.ts';

/** The most bytes of a body: of a command, and of a form. */
const MAX_JSON = 1_000_000;
const MAX_FORM = 100_000;
/** The most fields of a form. A form of beat has up to seven. */
const MAX_FIELDS = 100;
const FORM = 'application/x-www-form-urlencoded';

export type Form = Readonly<Partial<Record<string, string>>>;

/** Reads a form. Counts its fields first: Node parses some in quadratic time. Throws an `HTTPException`. */
export async function readForm(c: Context, maxBytes = MAX_FORM): Promise<Form> {
  const type = (c.req.header('content-type') ?? '').split(';', 1)[0]!.trim().toLowerCase();
  if (type !== FORM) throw badRequest(`a form must have the content type ${FORM}`);
  const text = await readText(c, maxBytes);
  if (text.split('&', MAX_FIELDS + 1).length > MAX_FIELDS) {
    throw badRequest(`a form may have at most ${MAX_FIELDS} fields`);
  }
  return Object.fromEntries(new URLSearchParams(text));
}

/** Reads a JSON object. Throws an `HTTPException`, or a `ConfigError` for another text. */
export async function readJsonMap(c: Context): Promise<Readonly<Record<string, unknown>>> {
  const text = await readText(c, MAX_JSON);
  let body: unknown;
  try {
    body = parseJson(text);
  } catch (error) {
    const { message } = error as Error;
    if (error instanceof UndecodableError) throw badRequest(`the body cannot be decoded: ${message}`, error);
    throw new ConfigError(`invalid JSON: ${message}`);
  }
  if (isMap(body)) return body;
  throw new ConfigError('expected a JSON object');
}

async function readText({ req }: Context, maxBytes: number): Promise<string> {
  const tooLong = () => new HTTPException(413, { message: `at most ${maxBytes} bytes are read` });
  if (Number(req.header('content-length') ?? 0) > maxBytes) throw tooLong();
  const chunks: Uint8Array[] = [];
  let size = 0;
  const body: ReadableStream<Uint8Array> | [] = req.raw.body ?? [];
  try {
    for await (const chunk of body) {
      size += chunk.length;
      if (size > maxBytes) throw tooLong();
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof HTTPException) throw error;
    throw badRequest('the connection was closed before the end of the body', error);
  }
  return Buffer.concat(chunks).toString();
}

function badRequest(message: string, cause?: unknown): HTTPException {
  return new HTTPException(400, { message, cause });
}
