import type { Row } from './table.ts';

/** A number of a row. */
export interface Figure {
  /** The name of the number within its row: `p99`, `again`; empty for a row with a single number. */
  readonly label: string;
  readonly value: number;
  /** The last printed digit: 0.01 for `0.52`. */
  readonly step: number;
  /** `ms`; empty for a ratio. */
  readonly unit: string;
}

const NUMBER = String.raw`-?\d[\d,]*(?:\.\d+)?`;
/** `p99 5.3 ms`, `0.52 µs first`, `81,002 messages/s`, `0.32` */
const PART = new RegExp(`^(?:(?<before>[a-z]\\w*) )?(?<value>${NUMBER})(?: (?<unit>\\S+))?(?: (?<after>.+))?$`);
/** `54 µs of the processors each`, `1.20 s of a processor` */
const PROCESSOR = new RegExp(`(?<value>${NUMBER}) (?<unit>µs|ms|s) of (?:the processors|a processor)`);

/** Reads the numbers of a row from its texts, which rows of older trees have as well. */
export function readFigures({ figure, behind = '' }: Row): Figure[] {
  const figures = figure.split(', ').flatMap((part): Figure[] => {
    const { before, value, unit = '', after } = PART.exec(part)?.groups ?? {};
    return value === undefined ? [] : [{ label: before ?? after ?? '', ...parseNumber(value), unit }];
  });
  const { value, unit = '' } = PROCESSOR.exec(behind)?.groups ?? {};
  if (value !== undefined) figures.push({ label: 'processor time', ...parseNumber(value), unit });
  return figures;
}

/** Whether a larger number is better: rates and shares; times, sizes and `times` should be small. */
export function isMoreBetter(unit: string): boolean {
  return unit === '' || unit.endsWith('/s');
}

function parseNumber(text: string): Pick<Figure, 'value' | 'step'> {
  const decimals = text.split('.')[1]?.length ?? 0;
  return { value: Number(text.replaceAll(',', '')), step: 10 ** -decimals };
}
