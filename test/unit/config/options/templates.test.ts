import { describe, expect, test } from 'vitest';
import { resolveSettings } from '../../../../src/config/resolve.ts';
import { formatDiagnostic } from '../../../../src/util/diagnostic.ts';
import { chain, chord, group, sig } from '../../../../src/index.ts';
import { TestBeat } from '../../../../src/testing.ts';
import { entryProblems } from '../support.ts';

const START = { now: '2026-11-21T06:00:00Z' };

async function sentAfter(entry: object, minutes = 2) {
  const beatSchedule = { e: { task: 't', schedule: 60, timezone: 'Europe/Oslo', ...entry } };
  const beat = await TestBeat.start({ beatSchedule }, START);
  await beat.advance(`${minutes}m`);
  return beat;
}

function notesOf(entry: object): string[] {
  const { warnings } = resolveSettings({ beatSchedule: { e: { task: 't', schedule: 60, ...entry } } });
  return warnings.map((warning) => formatDiagnostic(warning).replace('beatSchedule.e.', ''));
}

describe('templates in options', () => {
  test('are rendered for each occurrence in taskId, shadow and the values of headers', async () => {
    const options = {
      task_id: 'x-{{dueAt | HHmm}}',
      shadow: '{{entry}} of {{dueAt | HH:mm}}',
      headers: { 'x-at': ['{{dueAt}}', { deep: '{{entry}}', n: 5 }], plain: '{{ user }}' },
    };
    const { messages, sent } = await sentAfter({ options });
    expect(sent.map(({ taskId }) => taskId)).toEqual(['x-0701', 'x-0702']);
    expect(messages.map(({ properties }) => properties.correlation_id)).toEqual(['x-0701', 'x-0702']);
    expect(messages[1]!.headers).toMatchObject({
      id: 'x-0702',
      root_id: 'x-0702',
      shadow: 'e of 07:02',
      plain: '{{ user }}',
      'x-at': ['2026-11-21T06:02:00.000Z', { deep: 'e', n: 5 }],
    });
  });

  test('are rendered beside computed arguments', async () => {
    const { messages } = await sentAfter({ args: ['{{entry}}'], options: { task_id: '{{dueAt}}' } });
    expect(messages.map(({ taskId }) => taskId)).toEqual(['2026-11-21T06:01:00.000Z', '2026-11-21T06:02:00.000Z']);
    expect(JSON.parse(String(messages[0]!.body))).toMatchObject([['e'], {}, {}]);
  });

  test('are rendered in the header and in the body of a chord', async () => {
    const at = (task: string) => sig(task, [], { options: { headers: { at: `${task} {{dueAt | HH:mm}}` } } });
    const beatSchedule = { e: { task: chord([at('a'), at('b')], at('c')), schedule: 60, timezone: 'Europe/Oslo' } };
    const beat = await TestBeat.start({ beatSchedule, resultBackend: 'redis://localhost/1' }, START);
    await beat.advance('1m');
    expect(beat.messages.map(({ headers }) => headers['at'])).toEqual(['a 07:01', 'b 07:01']);
    const [, , { chord: body }] = JSON.parse(String(beat.messages[0]!.body)) as [
      ...[unknown, unknown],
      { chord: object },
    ];
    expect(body).toMatchObject({ options: { headers: { at: 'c 07:01' } } });
  });

  test('are rendered in every signature, including callbacks and groups', async () => {
    const later = sig('b', [], { options: { shadow: 'later {{entry}}', taskId: 'b-{{dueAt | mm}}' } });
    const { messages } = await sentAfter(
      {
        task: chain(sig('a', [], { options: { headers: { at: '{{dueAt | HH:mm}}' } } }), later),
        options: { linkError: later },
      },
      1,
    );
    const [{ headers, body }] = messages as [(typeof messages)[number]];
    expect(headers).toMatchObject({ at: '07:01' });
    const [, , embed] = JSON.parse(String(body)) as [unknown, unknown, Record<string, object[]>];
    const options = { shadow: 'later e' };
    expect(embed['chain']).toMatchObject([{ options: { ...options, task_id: 'b-01' } }]);
    expect(embed['errbacks']).toMatchObject([{ options }]);

    const all = await sentAfter({ task: group('a', 'b'), options: { task_id: 'g-{{entry}}' } }, 1);
    expect(all.messages.map(({ headers: { group: id } }) => id)).toEqual(['g-e', 'g-e']);
  });

  test('that are invalid are reported at load', () => {
    const options = { task_id: '{{dueat}}', headers: { a: ['{{dueAt | YY}}'] } };
    const problems = (place: string): unknown[] => [
      expect.stringContaining(`${place}options.task_id: {{dueat}}: unknown; did you mean "dueAt"`),
      expect.stringContaining(`${place}options.headers.a[0]: {{dueAt | YY}}: "YY" is not a date token`),
    ];
    expect(entryProblems({ options })).toEqual(problems(''));
    const task = { group: ['a', { task: 'b', options }] };
    expect(entryProblems({ task })).toEqual(problems('task.group[1].'));
    const round: Record<string, unknown> = {};
    round['round'] = round;
    expect(entryProblems({ options: { headers: round } })).toEqual([expect.stringContaining('contains itself')]);
  });

  test('that are invalid are also reported after valid ones', () => {
    const options = { shadow: '{{entry}}', taskId: '{{dueAt | %Y}}', headers: { a: '{{dueat}}' } };
    expect(entryProblems({ options })).toEqual([
      expect.stringContaining('options.taskId: {{dueAt | %Y}}: "%" is not a date token'),
      expect.stringContaining('options.headers.a: {{dueat}}: unknown; did you mean "dueAt"?'),
    ]);
    const chained = { chain: ['a', { task: 'b', options: { shadow: '{{dueAt | %Y}}' } }] };
    expect(entryProblems({ task: chained, options: { shadow: '{{entry}}' } })).toEqual([
      expect.stringContaining('task.chain[1].options.shadow: {{dueAt | %Y}}: "%" is not a date token'),
    ]);
  });

  test('in names and other options cause a warning, because they are not rendered', () => {
    const said = 'not rendered: templates are rendered in the values of args, kwargs, headers';
    expect(
      notesOf({
        kwargs: { '{{dueAt}}': 1, '{{user}}': 2 },
        options: { queue: 'q-{{dueAt | EEE}}', headers: { '{{entry}}': 1 }, origin: '{{user}}' },
      }),
    ).toEqual([
      expect.stringContaining(`kwargs["{{dueAt}}"]: its name is ${said}`),
      expect.stringContaining(`options.headers["{{entry}}"]: its name is ${said}`),
      expect.stringContaining(`options.queue: ${said}`),
    ]);
    expect(notesOf({ task: { chain: ['a', { task: 'b', options: { reply_to: '{{entry}}' } }] } })).toEqual([
      expect.stringContaining(`task.chain[1].options.reply_to: ${said}`),
    ]);
  });
});

test('a typed value with braces that are not a template is validated at load', () => {
  const value = (text: string) => ({ args: [{ __type__: 'datetime', __value__: text }] });
  expect(entryProblems(value('{{dueAt}}'))).toEqual([]);
  expect(entryProblems(value('{{user}}'))).toEqual([expect.stringContaining('args[0]')]);
});
