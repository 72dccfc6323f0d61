/// <reference types="node" preserve="true" />
/// <reference lib="esnext.disposable" preserve="true" />
export { Beat, type BeatOptions } from './leader/beat.ts';
export { BeatClient, connect, NoAnswerError, type ClientOptions } from './client/client.ts';
export type { AuditRow } from './entries/commands/shapes.ts';
export { CommandRejectedError } from './client/send-command.ts';
export type { Clock } from './util/clock.ts';
export { systemClock } from './util/system-clock.ts';
export type { BeatConfig, SignatureConfig } from './generated/config-types.ts';
export { encodeEnvelope } from './celery/kombu/envelope.ts';
export type { Destination } from './celery/message/destination.ts';
export type { Rejection } from './contracts/broker/broker.ts';
export { defineConfig } from './config/define.ts';
export { defineDriver } from './drivers/define-driver.ts';
export type { DriverBroker, DriverDefinition, DriverOptions, OwnDriver } from './contracts/broker/own-driver.ts';
export type { Alert } from './contracts/events/alert.ts';
export { chain, chord, group, sig } from './config/define.ts';
export type { Settings } from './config/settings.ts';
export type { Difference } from './entries/catalog/catalog.ts';
export type { SettingsSource } from './leader/reload/reloader.ts';
export type { Entry, MissedPolicy, Occurrence } from './entries/catalog/entry.ts';
export type { Diagnostic } from './util/diagnostic.ts';
export { BeatError, ConfigError, StoreError } from './util/errors.ts';
export type {
  BeatEvents,
  CommandEvent,
  DeliveredEvent,
  EntryChange,
  EntryChangedEvent,
  FailureEvent,
  FollowingEvent,
  LeadingEvent,
  NeverDueEvent,
  OutboxEvent,
  OutcomeEvent,
  RecoveredEvent,
  ReloadedEvent,
  ReloadFailedEvent,
  RenewedEvent,
  SchedulingEvent,
  SentEvent,
  SkewEvent,
  SkippedEvent,
  WithdrawnRun,
  TickEvent,
  WarningEvent,
  WarningKind,
} from './contracts/events/beat-events.ts';
export type { Listener } from './contracts/events/events.ts';
export type { Operation } from './contracts/events/beat-events.ts';
export type { SkipReason } from './celery/message/skip-reasons.ts';
export { lazy, type Lazy, type LazyContext } from './celery/message/lazy.ts';
export type { Message, MessageOptions } from './celery/message/message.ts';
export { date, datetime, decimal, time, uuid, type TypedValue } from './celery/message/typed.ts';
export { at } from './schedule/at.ts';
export { cron } from './schedule/cron/cron.ts';
export { crontab } from './schedule/crontab.ts';
export { rrule } from './schedule/rrule/rrule.ts';
export type { Schedule } from './schedule/schedule.ts';
export { solar, type SolarEvent } from './schedule/solar.ts';
export { timedelta } from './schedule/timedelta.ts';
export type { HistoryView, RunView, SkipView, UnreadableView } from './read-models/history/shapes.ts';
export type { EntryStatus, StatusRow, UnreadableEntry } from './read-models/status/shapes.ts';
export type { Store } from './contracts/store/store.ts';
