import { SEARCH_START, searchStored, type SearchPlace } from '../src/read-models/status/status-page.ts';
import type { StateStore } from '../src/contracts/store/store.ts';
import { count, spread, summarize } from './stats.ts';
import { atMost, type Row } from './table.ts';

const ROUNDS = 7;
/** Entries of a page of the dashboard. */
const PAGE = 50;
const WANTED_MS = 200;

/** How long the dashboard waits for a page of stored entries named `reminder 0`, `reminder 1` and so on. */
export async function measureSearch(
  { entries }: StateStore,
  { name, many }: { readonly name: string; readonly many: number },
): Promise<Row[]> {
  const what = (text: string) => `${name}, ${text} of ${count(many)}`;
  const search = (text: string, place: SearchPlace) => searchStored(entries, text, PAGE, place);
  const rare = `INDER ${many - 1}`;
  let pages = 0;
  const searchAll = async () => {
    pages = 0;
    for (let place: SearchPlace | null = SEARCH_START; place; pages++) place = (await search(rare, place)).next;
  };
  return [
    await measure(what('first page'), () => entries.page({ limit: PAGE + 1 }), WANTED_MS),
    await measure(what('names that begin'), () => search('reminder 99', SEARCH_START), WANTED_MS),
    await measure(what('one page of a rare part'), () => search(rare, SEARCH_START)),
    await measure(what('all pages of a rare part'), searchAll, undefined, () => `${pages} pages`),
  ];
}

async function measure(what: string, run: () => Promise<unknown>, wanted?: number, behind = () => ''): Promise<Row> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const started = performance.now();
    await run();
    times.push(performance.now() - started);
  }
  const summary = summarize(times);
  const show = (ms: number) => `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;
  return {
    bench: 'stored',
    what,
    figure: show(summary.median),
    behind: [spread(summary, show), behind()].filter(Boolean).join('; '),
    ...(wanted !== undefined && { wanted: atMost(wanted, summary.median, show) }),
  };
}
