/** What `npm test` leaves out, because it rarely finds a fault that the rest does not; `npm run test:all`, in CI, runs it. */
const LEFT_OUT = {
  celery: "the system's Celery beside the newest one",
  mysql: 'the state store of MySQL beside that of PostgreSQL',
  mutations: 'the mutations that the checker of chaos must detect',
} as const;

/** Returns the reason to skip tests of this kind, or `false`, for `describe.skipIf`. */
export function leaveOut(kind: keyof typeof LEFT_OUT): string | false {
  return process.env['TEST_ALL'] ? false : `${LEFT_OUT[kind]}: npm run test:all`;
}

/** A global set-up that names at the end of a run what was left out. */
export default function setUp(): () => void {
  return () => {
    if (process.env['TEST_ALL']) return;
    console.log(`left out: ${Object.values(LEFT_OUT).join('; ')}; npm run test:all runs them too`);
  };
}
