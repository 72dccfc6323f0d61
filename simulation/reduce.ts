import type { Fault, Plan } from './plan.ts';
import type { Violation } from './invariants.ts';

/** The most runs of a plan. */
const MOST_RUNS = 400;

/**
 * Removes faults from a plan that breaks a rule, as long as it still breaks that rule: large parts first, then one by
 * one (delta debugging). The result is not always the smallest plan.
 */
export async function reduce(
  plan: Plan,
  rule: Violation['rule'],
  run: (plan: Plan) => Promise<readonly Violation[]>,
): Promise<Plan> {
  let runs = 0;
  const stillBreaks = async (faults: readonly Fault[]): Promise<boolean> => {
    runs += 1;
    const violations = await run({ ...plan, faults });
    return violations.some((each) => each.rule === rule);
  };
  let faults = plan.faults;
  let size = Math.ceil(faults.length / 2);
  while (faults.length > 0 && runs < MOST_RUNS) {
    let removed = false;
    for (let from = 0; from < faults.length && runs < MOST_RUNS;) {
      const left = faults.toSpliced(from, size);
      if (await stillBreaks(left)) {
        faults = left;
        removed = true;
      } else from += size;
    }
    if (size === 1 && !removed) break;
    if (!removed || size > faults.length) size = Math.max(1, Math.ceil(size / 2));
  }
  return { ...plan, faults };
}
