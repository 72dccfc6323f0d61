import { defineConfig } from 'celery-beat';
import { httpQueue } from './http-queue.js';

export default defineConfig({
  drivers: [httpQueue],
  brokerUrl: 'queue+http://127.0.0.1:8080',
  stateUrl: 'sqla+sqlite:///beat.sqlite',
  beatSchedule: { report: { task: 'reports.build', schedule: 30 } },
});
