/** What the callers of the JSON-RPC services may cost. Times in milliseconds. */
export interface RpcLimits {
  /** Calls in one batch. */
  readonly batchMax: number;
  /** Bytes of one message: an HTTP body or a WebSocket message. */
  readonly bodyBytesMax: number;
  /** Arrays and objects inside each other in one message. */
  readonly depthMax: number;
  /** Bytes of one answer, the whole of a batch's. */
  readonly answerBytesMax: number;
  /** Bytes of bodies that are being read, all together. */
  readonly bodiesBytesMax: number;
  /** Bytes of answers that clients have not taken yet, all together. Beyond it nothing more is answered. */
  readonly heldBytesMax: number;
  /** A call that takes longer is given up. */
  readonly callTimeoutMs: number;
  /** Calls under way at once, and calls that wait for their turn. Beyond both, calls are refused. */
  readonly callsMax: number;
  readonly waitingMax: number;
  /** Calls of one batch, or of one WebSocket, under way at once. */
  readonly callsPerClientMax: number;
  /** Calls a second that one client address may make, with twice as many in a burst. 0: any number. */
  readonly ratePerS: number;
  /** Client addresses that are remembered; the one that was quiet for longest is forgotten first. */
  readonly clientsMax: number;
  /** WebSockets at once. */
  readonly socketsMax: number;
  readonly subscriptionsPerSocketMax: number;
  /** Of all sockets together. */
  readonly subscriptionsMax: number;
  /** Bytes that may wait to be sent to a subscriber before its feeds are held back. */
  readonly feedBytesMax: number;
  /** Bytes that may wait to be sent on a WebSocket before no more calls are read from it. */
  readonly unreadBytesMax: number;
  /** A WebSocket that takes no message of those that wait for it for this long is cut off. */
  readonly stallTimeoutMs: number;
  /** How often a WebSocket is asked whether it is still there. One that says nothing until the next time is cut off. */
  readonly pingMs: number;
}

export const defaultRpcLimits: RpcLimits = {
  batchMax: 100,
  bodyBytesMax: 1024 * 1024,
  depthMax: 64,
  answerBytesMax: 32 * 1024 * 1024,
  bodiesBytesMax: 64 * 1024 * 1024,
  heldBytesMax: 128 * 1024 * 1024,
  callTimeoutMs: 30_000,
  callsMax: 64,
  waitingMax: 1_024,
  callsPerClientMax: 8,
  ratePerS: 5_000,
  clientsMax: 10_000,
  socketsMax: 256,
  subscriptionsPerSocketMax: 256,
  subscriptionsMax: 8_192,
  feedBytesMax: 256 * 1024,
  unreadBytesMax: 512 * 1024,
  stallTimeoutMs: 30_000,
  pingMs: 20_000,
};
