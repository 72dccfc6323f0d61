// Checks the workflows of CI against the schema of their format, and the jobs that they need.
import { globSync, readFileSync } from 'node:fs';
import { validateWorkflow } from '@action-validator/core';

const files = globSync('.github/workflows/*.yml');
let count = 0;
for (const file of files) {
  const { errors } = validateWorkflow(readFileSync(file, 'utf8'));
  for (const error of errors) console.log(`${file}: ${JSON.stringify(error, null, 2)}`);
  count += errors.length;
}
console.log(`${files.length} files, ${count} errors`);
if (count > 0 || files.length === 0) process.exit(1);
