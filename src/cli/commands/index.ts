import type { CommandGroup } from '../command-group.ts';
import { checkCommand } from './check.ts';
import { diffCommand } from './diff.ts';
import { entryCommands } from './entries.ts';
import { forgetCommand } from './forget.ts';
import { healthcheckCommand } from './healthcheck.ts';
import { historyCommands } from './history.ts';
import { importCommand } from './import.ts';
import { instancesCommand } from './instances.ts';
import { listCommand } from './list.ts';
import { nextCommand } from './next.ts';
import { shellCommandsCommand } from './shell-commands.ts';
import { startCommand } from './start.ts';
import { workerCommand } from './worker.ts';

/** All commands, in the order in which the help lists them. */
export const COMMANDS: readonly CommandGroup[] = [
  startCommand,
  workerCommand,
  checkCommand,
  listCommand,
  instancesCommand,
  nextCommand,
  historyCommands,
  diffCommand,
  importCommand,
  shellCommandsCommand,
  forgetCommand,
  entryCommands,
  healthcheckCommand,
];
