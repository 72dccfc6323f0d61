/** The crons whose tables differ: Vixie's as Debian and Ubuntu have it, and cronie of Fedora, RHEL, SUSE and Arch. */
export const CRONS = ['debian', 'cronie'] as const;
export type Cron = (typeof CRONS)[number];
