/** Reports that a topic has moved, after the commit: its readers are sent what is new. Never throws. */
export type Hint = (topic: string) => void;
