import { z } from 'zod';
import { alert } from '../../contracts/events/alert.ts';
import { HEADER } from '../../entries/commands/command.ts';
import { auditRow } from '../../entries/commands/shapes.ts';
import '../../read-models/configuration/shapes.ts';
import { day } from '../../read-models/history/shapes.ts';
import { entryRow, streamedInstance } from '../../read-models/status/shapes.ts';
import { shape, SHAPES, unreadable } from '../../util/shape.ts';
import { OPERATIONS, problemShape } from './operations.ts';

/** A test compares each streamed event with its field. */
export const streamed = shape(
  'StreamedEvents',
  'The data of the events of `/api/events`, by their names.',
  z.object({
    ready: z.strictObject({}).describe('The first event: the stream reports every change from here on.'),
    status: entryRow,
    audit: z.union([auditRow, unreadable]),
    instances: z.array(streamedInstance),
    day,
  }),
);

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

function describeOperation(
  path: string,
  { method = 'get', summary, query, body, answers }: (typeof OPERATIONS)[string],
): object {
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
      401: { description: 'The token is wrong or absent.', content: contentOf(problemShape) },
      ...((query ?? body) && {
        422: { description: 'The request is invalid; `errors` lists all problems.', content: contentOf(problemShape) },
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
  const type = schema === problemShape ? 'application/problem+json' : 'application/json';
  return { [type]: { schema: { $ref: uri(SHAPES.get(schema)!.id) } } };
}

const uri = (id: string) => `#/components/schemas/${id}`;

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
