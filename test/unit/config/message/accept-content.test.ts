import { expect, test } from 'vitest';
import { problemsOf } from '../support.ts';

const REFUSED = 'workers would reject it by acceptContent; expected';
const entry = { task: 't', schedule: 60 };

test.each([
  ['accept_content', ['json']],
  ['acceptContent', ['application/json', 'application/x-python-serialize']],
  ['CELERY_ACCEPT_CONTENT', ['pickle', 'json']],
])('accept_content as %s allows the serializers that it names: %j', (key, accepted) => {
  const beatSchedule = { e: entry };
  expect(problemsOf({ [key]: accepted, beatSchedule })).toEqual([]);
  expect(problemsOf({ [key]: accepted, task_serializer: 'yaml', beatSchedule })).toEqual([
    `task_serializer: ${REFUSED} 'json', or acceptContent with it, got "yaml"`,
  ]);
});

test('without accept_content every serializer is allowed', () => {
  expect(problemsOf({ task_serializer: 'yaml' })).toEqual([]);
});

test('accept_content without any serializer of beat is an error with its path', () => {
  expect(problemsOf({ CELERY_ACCEPT_CONTENT: ['pickle'] })).toEqual([
    `CELERY_ACCEPT_CONTENT: ${REFUSED} acceptContent with 'json', 'yaml' or 'msgpack' in it: beat writes no other, got "json"`,
  ]);
  expect(problemsOf({ accept_content: 'json' })).toEqual([
    expect.stringContaining('accept_content: expected a list of names of serializers or content types'),
  ]);
});

test('accept_content is checked for entries, signatures and routes, with their paths', () => {
  const config = {
    accept_content: ['json', 'msgpack'],
    task_routes: { 'a.*': { serializer: 'yaml' }, 'b.*': { serializer: 'msgpack' } },
    beat_schedule: {
      plain: { ...entry, options: { serializer: 'application/x-yaml' } },
      fine: { ...entry, options: { serializer: 'msgpack' } },
      chain: { ...entry, task: { chain: ['a', { task: 'b', options: { serializer: 'yaml' } }] } },
      link: { ...entry, options: { link_error: { task: 'b', options: { serializer: 'yaml' } } } },
    },
  };
  const said = `${REFUSED} 'json' or 'msgpack', or acceptContent with it, got "yaml"`;
  expect(problemsOf(config)).toEqual([
    `task_routes["a.*"].serializer: ${said}`,
    `beat_schedule.plain.options.serializer: ${said}`,
    `beat_schedule.chain.task.chain[1].options.serializer: ${said}`,
    `beat_schedule.link.options.link_error.options.serializer: ${said}`,
  ]);
});

test('accept_content is checked for the result of a route function', () => {
  const taskRoutes = () => ({ queue: 'q', serializer: 'yaml' });
  expect(problemsOf({ acceptContent: ['json'], taskRoutes, beatSchedule: { e: entry } })).toEqual([
    `taskRoutes: what it returns for "t": serializer: ${REFUSED} 'json', or acceptContent with it, got "yaml"`,
  ]);
});
