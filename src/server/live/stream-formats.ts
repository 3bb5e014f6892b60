import type { StreamType } from './stream-type.ts';

/** The texts of which a streamed response consists. */
export interface StreamFormat {
  readonly contentType: string;
  /** Written first. */
  readonly opening: string;
  /** Returns an event with a result, which is JSON. */
  readonly event: (result: string) => string;
  /** Written while nothing happens. */
  readonly heartbeat: string;
  /** Written last, after the end of the subscription. */
  readonly completion: string;
}

/** Server-sent events in the distinct connections mode of GraphQL over SSE. */
const serverSentEvents: StreamFormat = {
  contentType: 'text/event-stream; charset=utf-8',
  opening: ':\n\n',
  event: (result) => `event: next\ndata: ${result}\n\n`,
  heartbeat: ':\n\n',
  completion: 'event: complete\ndata:\n\n',
};

/** The multipart protocol of Apollo Client for subscriptions over HTTP. */
const multipart: StreamFormat = {
  contentType: 'multipart/mixed;boundary="graphql";subscriptionSpec=1.0',
  opening: '\r\n--graphql',
  event: (result) => part(`{"payload":${result}}`),
  heartbeat: part('{}'),
  completion: '--\r\n',
};

/** The formats of streamed responses by media type. */
export const streamFormats: Readonly<Record<StreamType, StreamFormat>> = {
  'text/event-stream': serverSentEvents,
  'multipart/mixed': multipart,
};

function part(json: string): string {
  return `\r\ncontent-type: application/json; charset=utf-8\r\n\r\n${json}\r\n--graphql`;
}
