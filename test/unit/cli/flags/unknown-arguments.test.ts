import { expect, test } from 'vitest';
import { rejectUnknownArguments } from '../../../../src/cli/flags/global-flags.ts';

const reject = (argument: string) => () => {
  rejectUnknownArguments([argument], ['start', 'check']);
};

test('unknown arguments: a setting is rejected with a pointer to the configuration, its password masked', () => {
  expect(reject('broker.url=redis://:secret@host')).toThrow(
    '"broker.url=redis://:**@host": settings are not read from the command line; put broker_url into',
  );
  expect(reject('.timezone=UTC')).toThrow('put timezone into the configuration');
});

test('unknown arguments: a misspelled command gets a suggestion, another word the allowed commands', () => {
  expect(reject('chekc')).toThrow('did you mean "check"?');
  expect(reject('worker')).toThrow('allowed: start, check');
});
