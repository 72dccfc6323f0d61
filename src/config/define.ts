import type { BeatConfig } from './config-types.ts';

/** Types a configuration for the editor; returns it unchanged. */
export function defineConfig(config: BeatConfig): BeatConfig {
  return config;
}
