export {
  createEventStreams,
  defaultEventStreamLimits,
  type EventStreamLimits,
  type EventStreams,
  type EventStreamsOptions,
  type EventsFeed,
} from './event-streams.ts';
