import { z } from 'zod';
import { wholeEntrySchema } from '../src/config/entry/schema.ts';
import { configSchema } from '../src/config/schema.ts';
import { OPTION_DOCS } from '../src/config/values/option.ts';
import { describeDefault } from './describe-option.ts';
import { listSpellings } from '../src/config/keys/spellings.ts';

type Json = Record<string, unknown>;

/**
 * Creates the JSON Schema of configuration files from the schema that beat validates with. Editors complete
 * camelCase names; other spellings are valid but not suggested.
 */
export function jsonSchema(): Json {
  const schema = z.toJSONSchema(configSchema, {
    io: 'input',
    unrepresentable: 'any',
    metadata: OPTION_DOCS,
    override: ({ zodSchema, jsonSchema }) => {
      describe(zodSchema as unknown as z.ZodType, jsonSchema);
      // A file contains neither Dates nor schedules that are created in code.
      if (Array.isArray(jsonSchema.anyOf)) {
        jsonSchema.anyOf = jsonSchema.anyOf.filter((option) => Object.keys(option).length > 0);
      }
      // The schema in code has both as optional keys.
      if (zodSchema === (wholeEntrySchema as z.core.$ZodType)) {
        jsonSchema.oneOf = [{ required: ['task'] }, { required: ['shell'] }];
      }
      // The limits of safe integers concern only JavaScript.
      if (zodSchema instanceof z.ZodNumber) dropLimits(jsonSchema);
    },
  }) as Json;
  addSpellings(schema, '#', true);
  // Recursive parts are definitions.
  for (const [name, part] of Object.entries((schema['$defs'] ?? {}) as Record<string, Json>)) {
    addSpellings(part, `#/$defs/${name}`);
  }
  return {
    title: 'beat configuration',
    ...schema,
    patternProperties: { '^x-': { description: 'Ignored: a place for YAML anchors.' } },
  };
}

/** zod has copied the documentation as it is: editors know descriptions, defaults and examples. */
function describe(schema: z.ZodType, json: Json): void {
  const doc = OPTION_DOCS.get(schema);
  if (!doc) return;
  delete json['otherwise'];
  delete json['unit'];
  delete json['ignored'];
  delete json['example'];
  json['description'] = doc.description + describeDefault(doc);
  if (doc.example !== undefined) json['examples'] = [doc.example];
}

function dropLimits(schema: Json): void {
  if (schema['minimum'] === Number.MIN_SAFE_INTEGER) delete schema['minimum'];
  if (schema['maximum'] === Number.MAX_SAFE_INTEGER) delete schema['maximum'];
}

/** Adds the other spellings of each name as references to it. VS Code supports `doNotSuggest`. */
function addSpellings(schema: Json, pointer: string, top = false): void {
  const properties = schema['properties'] as Record<string, Json> | undefined;
  for (const [name, below] of Object.entries(properties ?? {})) {
    const place = `${pointer}/properties/${name}`;
    addSpellings(below, place);
    for (const spelling of listSpellings(name, top).slice(1)) {
      properties![spelling] = { $ref: place, doNotSuggest: true };
    }
  }
  const each = schema['additionalProperties'];
  if (typeof each === 'object' && each !== null) {
    addSpellings(each as Json, `${pointer}/additionalProperties`);
  }
  const item = schema['items'];
  if (typeof item === 'object' && item !== null) addSpellings(item as Json, `${pointer}/items`);
  for (const [i, option] of ((schema['anyOf'] ?? []) as Json[]).entries()) {
    addSpellings(option, `${pointer}/anyOf/${i}`);
  }
}
