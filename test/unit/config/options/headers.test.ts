import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { entryProblems } from '../support.ts';

/** A header, and for values in JSON what becomes of the task in a worker. */
interface Case {
  readonly name: string;
  readonly harm: Readonly<Record<string, string>>;
}

describe.each(['5.2', '5.7'])('headers that harm a worker of Celery %s', (version) => {
  const file = new URL(`../../../conformance/context-headers-${version}.jsonl`, import.meta.url);
  const cases = readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Case);

  it('were recorded', () => {
    expect(cases.length).toBeGreaterThan(5);
  });

  it.each(cases)('are refused at load with every harmful value: $name', ({ name, harm }) => {
    for (const json of Object.keys(harm)) {
      const value = JSON.parse(json) as unknown;
      const problems = entryProblems({ options: { headers: { [name]: value } } });
      expect(problems, json).toEqual([expect.stringMatching(`^options.headers.${name}: .`)]);
    }
  });
});

it.each(['get', 'children', '_children', '_get_custom_headers', 'as_execution_options'])(
  'a header named like a part of the request of a task is refused: %s',
  (name) => {
    const refused = `options.headers.${name}: workers make headers attributes of the request that tasks see, where this name is taken; use another`;
    expect(entryProblems({ options: { headers: { [name]: null } } })).toEqual([refused]);
    const task = { group: [{ task: 'a', options: { headers: { [name]: 1 } } }] };
    expect(entryProblems({ task })).toEqual([`task.group[0].${refused}`]);
  },
);
