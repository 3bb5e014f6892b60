/** Someone's place in a conversation. */
export interface Participation {
  readonly userId: string;
  readonly joinedAt: Date;
}
