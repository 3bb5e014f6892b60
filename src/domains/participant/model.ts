/** A user's participation in a conversation. */
export interface Participation {
  readonly userId: string;
  readonly joinedAt: Date;
}
