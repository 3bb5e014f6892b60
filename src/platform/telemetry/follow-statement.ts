/**
 * A function that is called when a statement is sent, in the async context of the sender. The function that
 * it returns is called once, when the statement has settled.
 */
export type FollowStatement = (text: string) => (durationMs: number, failed: boolean) => void;
