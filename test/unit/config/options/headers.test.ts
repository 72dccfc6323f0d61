import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { entryProblems } from '../support.ts';

/** A header, and for values in JSON what becomes of the task in a worker. */
interface Case {
  readonly name: string;
  readonly harm: Readonly<Record<string, string>>;
}

describe.each(['5.2', '5.7'])('headers that make a worker of Celery %s fail', (version) => {
  const file = new URL(`../../../conformance/context-headers-${version}.jsonl`, import.meta.url);
  const cases = readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Case);

  test('are recorded', () => {
    expect(cases.length).toBeGreaterThan(5);
  });

  test.each(cases)('are rejected at load with every such value: $name', ({ name, harm }) => {
    for (const json of Object.keys(harm)) {
      const value = JSON.parse(json) as unknown;
      const problems = entryProblems({ options: { headers: { [name]: value } } });
      expect(problems, json).toEqual([expect.stringMatching(`^options.headers.${name}: .`)]);
    }
  });
});

test.each(['get', 'children', '_children', '_get_custom_headers', 'as_execution_options'])(
  'a header with the name of an attribute of the task request is rejected: %s',
  (name) => {
    const refused = `options.headers.${name}: workers make headers attributes of the request that tasks see, where this name is taken; use another`;
    expect(entryProblems({ options: { headers: { [name]: null } } })).toEqual([refused]);
    const task = { group: [{ task: 'a', options: { headers: { [name]: 1 } } }] };
    expect(entryProblems({ task })).toEqual([`task.group[0].${refused}`]);
  },
);

const OPTIONS = {
  shadow: 'shadow',
  eta: 'eta',
  expires: 'expires',
  origin: 'origin',
  stamps: 'stamps',
  group: 'group_id',
  group_index: 'group_index',
  root_id: 'root_id',
  parent_id: 'parent_id',
  argsrepr: 'argsrepr',
  kwargsrepr: 'kwargsrepr',
  ignore_result: 'ignore_result',
  timelimit: 'time_limit and soft_time_limit',
  stamped_headers: 'stamps',
  replaced_task_nesting: 'replaced_task_nesting',
};

test.each(Object.entries(OPTIONS))(
  'headers: an invalid value of %s is rejected with the option to set instead',
  (name, option) => {
    const [problem, ...others] = entryProblems({ options: { headers: { [name]: -1 } } });
    expect(others).toEqual([]);
    expect(problem).toMatch(new RegExp(`^options\\.headers\\.${name}: expected .*, got -1 `));
    expect(problem).toContain(`see the option ${option})`);
  },
);

test('headers: an invalid value of a header without an option is rejected with the allowed values', () => {
  const headers = { lang: 1, headers: 1, periodic_task_name: 1 };
  expect(entryProblems({ options: { headers } })).toEqual([
    'options.headers.lang: expected text, got 1',
    'options.headers.headers: expected a map, or null, got 1',
    'options.headers.periodic_task_name: expected text, got 1',
  ]);
});
