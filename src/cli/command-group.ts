import type { Command } from 'commander';
import type { ExitCode } from './exit.ts';

/** Some commands of the command line: their names, arguments, flags and help. What they do is loaded when they run. */
export interface CommandGroup {
  /** The global flags that the help of these commands shows; by default `STORE_FLAGS`. */
  readonly shownFlags?: readonly string[] | 'all';
  /** Adds the commands to the program and returns them. */
  readonly register: (program: Command, context: CommandContext) => readonly Command[];
}

/** What the commands of one process share. */
export interface CommandContext {
  /** The version of beat. */
  readonly version: string;
  /** The arguments of this process. */
  readonly argv: readonly string[];
  /** Reports to the parent of a detached process that the service has started. */
  readonly started: () => Promise<void>;
  /** Makes a handler that checks the flags, calls the action with flags and arguments, and takes its exit code. */
  readonly run: (action: Action) => (...args: unknown[]) => Promise<void>;
  /** Takes the exit code of a command that does not apply the global flags. */
  readonly exitWith: (code: Promise<ExitCode>) => Promise<void>;
}

/** The flags are the global ones and those that the command registers. */
export type Action = (flags: never, ...args: string[]) => Promise<ExitCode>;

/** The global flags of commands that open the store. */
export const STORE_FLAGS: readonly string[] = ['--config', '--broker', '--state'];
