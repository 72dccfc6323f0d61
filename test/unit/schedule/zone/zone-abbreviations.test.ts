import { expect, test } from 'vitest';

import type { ConfigError } from '../../../../src/util/errors.ts';
import { checkZone } from '../../../../src/schedule/zone/zone-names.ts';
import { getZone } from '../../../../src/schedule/zone/zone.ts';

/** Hours ahead of UTC, as the abbreviations are defined. */
const OFFSETS = {
  ...{ ACDT: 10.5, ACST: 9.5, ADT: -3, AEDT: 11, AEST: 10, AET: 10, AKDT: -8, AKST: -9, ART: -3 },
  ...{ AST: -4, AWST: 8, BRT: -3, BST: 1, CAT: 2, CDT: -5, CEST: 2, CST: -6, CT: -6, EAT: 3 },
  ...{ ECT: -5, EDT: -4, EEST: 3, ET: -5, GST: 4, HKT: 8, ICT: 7, IST: 5.5, JST: 9, KST: 9 },
  ...{ MDT: -6, MSK: 3, MT: -7, NDT: -2.5, NST: -3.5, NZDT: 13, NZST: 12, PDT: -7, PHT: 8 },
  ...{ PKT: 5, PST: -8, PT: -8, SAST: 2, SGT: 8, SST: -11, WAT: 1, WEST: 1, WIB: 7, Z: 0 },
};

function suggested(name: string): string {
  try {
    checkZone(name);
  } catch (error) {
    const [problem] = (error as ConfigError).errors;
    return /; did you mean "(.+)"\?$/.exec(problem?.message ?? '')?.[1] ?? '';
  }
  throw new Error(`${name} is accepted`);
}

test.each(Object.entries(OFFSETS))(
  'timezone: the zone suggested for %s is %d hours ahead of UTC at a time of the year',
  (name, hours) => {
    const zone = getZone(checkZone(suggested(name)));
    const offsets = ['2026-01-15T00:00Z', '2026-07-15T00:00Z'].map(
      (text) => zone.spanAt(Date.parse(text)).offset / 3_600_000,
    );
    expect(offsets).toContain(hours);
  },
);
