import type { Result } from './protocol.ts';
import { findFolder } from './sample.ts';

/** A mutant that no test noticed, as a small diff. */
export function survivor({ mutant, verdict }: Result): string {
  const { file, line, kind, was, now } = mutant;
  const lines = (sign: string, text: string) => text.split('\n').map((l) => `    ${sign} ${l}`);
  let ran = '';
  if (verdict.kind === 'survived') {
    ran = verdict.ran === 0 ? 'no test reaches it' : `${verdict.ran} test files ran`;
    if (verdict.leftOut > 0) ran += `, ${verdict.leftOut} more left out (--budget)`;
  }
  return [`${file}:${line} ${kind} (${ran})`, ...lines('-', was), ...lines('+', now)].join('\n');
}

export interface Score {
  readonly folder: string;
  readonly mutants: number;
  readonly killed: number;
  readonly timedOut: number;
  readonly survived: number;
  /** Per cent of mutants that a failed test, or a test that did not end, detected. */
  readonly score: number;
}

export function scores(results: readonly Result[]): Score[] {
  const folders = [...Map.groupBy(results, ({ mutant }) => findFolder(mutant.file))];
  return folders.map(([folder, within]) => computeScore(folder, within)).concat(computeScore('all', results));
}

function computeScore(folder: string, results: readonly Result[]): Score {
  const count = (kind: string) => results.filter(({ verdict }) => verdict.kind === kind).length;
  const [killed, timedOut, survived] = [count('killed'), count('timeout'), count('survived')];
  const score = Math.round(((killed + timedOut) / results.length) * 100);
  return { folder, mutants: results.length, killed, timedOut, survived, score };
}

export function scoreTable(all: readonly Score[]): string {
  const row = (cells: readonly (string | number)[]): string =>
    cells.map((cell, i) => (i === 0 ? String(cell).padEnd(20) : String(cell).padStart(10))).join('');
  return [
    row(['folder', 'mutants', 'killed', 'timed out', 'survived', 'score']),
    ...all.map((s) => row([s.folder, s.mutants, s.killed, s.timedOut, s.survived, `${s.score} %`])),
  ].join('\n');
}
