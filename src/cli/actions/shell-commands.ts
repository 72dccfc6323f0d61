import { listDeclaredJobs } from '../../config/shell/shell.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { readSettings, type GlobalFlags } from '../flags/options.ts';
import { writeLines } from '../output/lines.ts';

/** `beat shell-commands`: prints the keyword arguments of all shell entries as JSON. Workers run only these. */
export async function shellCommands(flags: GlobalFlags): Promise<ExitCode> {
  const jobs = listDeclaredJobs(await readSettings(flags));
  const lines = [...new Set(jobs.map((job) => `  ${JSON.stringify(job)}`))];
  const list = lines.map((line, i) => (i < lines.length - 1 ? `${line},` : line));
  await writeLines(lines.length === 0 ? ['[]'] : ['[', ...list, ']']);
  return EXIT.ok;
}
