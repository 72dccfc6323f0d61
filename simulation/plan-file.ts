import { readFileSync, writeFileSync } from 'node:fs';
import { KINDS, PLAN_VERSION, type Plan } from './plan.ts';

export class PlanError extends Error {
  override name = 'PlanError';
}

export function writePlan(path: string, plan: Plan): void {
  const { faults, ...head } = plan;
  const rows = faults.map((fault) => `    ${JSON.stringify(fault)}`).join(',\n');
  const fields = Object.entries(head).map(([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)},\n`);
  writeFileSync(path, `{\n${fields.join('')}  "faults": [\n${rows}\n  ]\n}\n`);
}

/** Reads a plan that `writePlan` wrote. Throws a `PlanError` in one sentence. */
export function readPlan(path: string): Plan {
  let plan: Plan;
  try {
    plan = JSON.parse(readFileSync(path, 'utf8')) as Plan;
  } catch (error) {
    throw new PlanError(`${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!Array.isArray(plan.faults)) throw new PlanError(`${path}: not the plan of a simulation`);
  const version: unknown = plan.version;
  if (version !== PLAN_VERSION) {
    throw new PlanError(`${path}: a plan of version ${String(version)}; this release repeats version ${PLAN_VERSION}`);
  }
  const faults: readonly { readonly kind: string }[] = plan.faults;
  const unknown = faults.find(({ kind }) => !Object.hasOwn(KINDS, kind));
  if (unknown)
    throw new PlanError(`${path}: unknown fault "${unknown.kind}"; allowed: ${Object.keys(KINDS).join(', ')}`);
  return plan;
}
