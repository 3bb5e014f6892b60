/**
 * Called when a statement is sent, within the context that sends it. The returned function is called once,
 * when the statement has settled.
 */
export type FollowStatement = (text: string) => (durationMs: number, failed: boolean) => void;
