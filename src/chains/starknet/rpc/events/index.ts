export {
  createEventMatcher,
  type EventFilter,
  type EventMatcher,
  type FoundEvent,
  parseEmitters,
  parseKeys,
} from './event-filter.ts';
export { createEventsMethod, type EventsMethodOptions } from './events-method.ts';
export { renderEmittedEvent } from './render-event.ts';
