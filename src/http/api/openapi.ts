import { z } from 'zod';
import { alert } from '../../config/alerts/alert.ts';
import { commandSchema, HEADER } from '../../entries/commands/command.ts';
import { audit, auditRow, pending } from '../../entries/commands/shapes.ts';
import { day, historyPage, why } from '../../read-models/history/shapes.ts';
import { entryRow, instances, nextInstants, statusPage, streamedInstance } from '../../read-models/status/shapes.ts';
import { shape, SHAPES, unreadable } from '../../util/shape.ts';
import {
  auditQuery,
  commandQuery,
  eventsQuery,
  historyQuery,
  nextQuery,
  problem,
  statusQuery,
  whyQuery,
} from './requests.ts';

/** A test compares each streamed event with its field. */
export const streamed = shape(
  'StreamedEvents',
  'The data of the events of `/api/events`, by their names.',
  z.object({ status: entryRow, audit: z.union([auditRow, unreadable]), instances: z.array(streamedInstance), day }),
);

interface Operation {
  readonly method?: 'get' | 'post';
  readonly summary: string;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** By status. */
  readonly answers: Readonly<Record<number, readonly [description: string, schema?: z.ZodType]>>;
}

const NO_ENTRY = ['There is no such entry.', problem] as const;

/** By path. A test calls each of them. */
export const OPERATIONS: Readonly<Record<string, Operation>> = {
  '/api/status': {
    summary: 'Lists entries with their state, by pages.',
    query: statusQuery,
    answers: { 200: ['A page.', statusPage] },
  },
  '/api/entries/{name}': { summary: 'Shows one entry.', answers: { 200: ['The entry.', entryRow], 404: NO_ENTRY } },
  '/api/entries/{name}/next': {
    summary: 'Lists the next instants at which an entry is published.',
    query: nextQuery,
    answers: { 200: ['The instants.', nextInstants], 404: NO_ENTRY },
  },
  '/api/entries/{name}/history': {
    summary: 'Lists what happened to an entry, newest first.',
    query: historyQuery,
    answers: { 200: ['A page.', historyPage], 404: ['There is no such entry, or no history is recorded.', problem] },
  },
  '/api/entries/{name}/why': {
    summary: 'Explains why an entry was or was not due at an instant, and what became of it.',
    query: whyQuery,
    answers: { 200: ['The explanation.', why], 404: NO_ENTRY, 409: ['The entry cannot be read.', problem] },
  },
  '/api/audit': {
    summary: 'Lists commands and their answers, newest first.',
    query: auditQuery,
    answers: { 200: ['The rows.', audit] },
  },
  '/api/instances': {
    summary: 'Lists the running instances, the leader first.',
    answers: { 200: ['The instances.', instances] },
  },
  '/api/commands': {
    method: 'post',
    summary: 'Sends a command to the leader, and waits for its answer.',
    query: commandQuery,
    body: commandSchema,
    answers: {
      200: ['The leader applied it.', auditRow],
      202: ['The command is stored; no instance has answered yet.', pending],
      409: ['The leader rejected it.', auditRow],
      403: ['The token may only read.', problem],
    },
  },
  '/api/events': {
    summary:
      'Streams changes: `status` of the given entries, `audit`, `instances`, and `day`: the totals of the last 24 hours.',
    query: eventsQuery,
    answers: { 200: ['A stream of server-sent events: see `StreamedEvents`.'] },
  },
};

/** The OpenAPI document of the API, from the schemas that validate requests. */
export function openApi(version: string): object {
  return {
    openapi: '3.1.1',
    info: { title: 'beat', version, description: 'See docs/http.md.' },
    components: { schemas: componentSchemas(), securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    security: [{ token: [] }],
    paths: Object.fromEntries(
      Object.entries(OPERATIONS).map(([path, each]) => [
        path,
        { [each.method ?? 'get']: describeOperation(path, each) },
      ]),
    ),
    webhooks: {
      alert: {
        post: {
          summary: 'beat calls the webhook of the setting `alerts`.',
          requestBody: { required: true, content: contentOf(alert) },
          responses: { '2XX': { description: 'The alert was received.' } },
        },
      },
    },
  };
}

function describeOperation(path: string, { method = 'get', summary, query, body, answers }: Operation): object {
  return {
    operationId: `${method}${path.replace(/[^a-z]+(\w?)/g, (_, first: string) => first.toUpperCase())}`,
    summary,
    parameters: [...(path.includes('{name}') ? [NAME] : []), ...parametersOf(query)],
    ...(body && { requestBody: { required: true, content: contentOf(body) } }),
    responses: {
      ...Object.fromEntries(
        Object.entries(answers).map(([code, [description, schema]]) => [
          code,
          { description, ...(schema && { content: contentOf(schema) }) },
        ]),
      ),
      401: { description: 'The token is wrong or absent.', content: contentOf(problem) },
      ...((query ?? body) && {
        422: { description: 'The request is invalid; `errors` lists all problems.', content: contentOf(problem) },
      }),
    },
  };
}

const NAME = { name: 'name', in: 'path', required: true, schema: { type: 'string' } };

function parametersOf(query: z.ZodObject | undefined): object[] {
  if (!query) return [];
  const { properties = {} } = z.toJSONSchema(query, { io: 'output', unrepresentable: 'any' });
  return Object.entries(properties).map(([name, schema]) => {
    const { description, ...rest } = schema as { readonly description?: string };
    return { name, in: 'query', required: false, ...(description !== undefined && { description }), schema: rest };
  });
}

function contentOf(schema: z.ZodType): object {
  const type = schema === problem ? 'application/problem+json' : 'application/json';
  return { [type]: { schema: refTo(schema) } };
}

const uri = (id: string) => `#/components/schemas/${id}`;

function refTo(schema: z.ZodType): object {
  return { $ref: uri(SHAPES.get(schema)!.id) };
}

function componentSchemas(): object {
  const { schemas } = z.toJSONSchema(SHAPES, {
    uri,
    io: 'input',
    unrepresentable: 'any',
    // The server chooses an id for a command without one.
    override({ zodSchema, jsonSchema }) {
      const { shape: fields } = zodSchema as Partial<z.ZodObject>;
      if (fields?.['id'] !== HEADER.id) return;
      jsonSchema.required = (jsonSchema.required ?? []).filter((name) => name !== 'id');
    },
  });
  return Object.fromEntries(
    Object.entries(schemas).map(([id, schema]) => {
      const fields = Object.entries(schema).filter(([key]) => !['$id', '$schema', 'id'].includes(key));
      return [id, Object.fromEntries(fields)];
    }),
  );
}
